// What the DNS says of the domains in MAIL and RCPT (control/mfcheck).
#include "smtpd/session.hpp"

#include "base/mail/address.hpp"
#include "base/net/attended.hpp"
#include "smtpd/mail_domains.hpp"
#include "smtpd/session_programs.hpp"

#include <optional>
#include <utility>

namespace grapnel::smtpd {

using net::asio::awaitable;

namespace {

awaitable<void> find(MailDomains& domains, std::string domain, std::optional<MailDomain>& found)
{
    const auto answer = co_await domains.find(std::move(domain));
    found = answer;
}

std::optional<Answer> refused_sender(MailDomain domain)
{
    switch (domain) {
    case MailDomain::reachable:
        break;
    case MailDomain::nowhere:
        return Answer(550, "5.1.8", "the domain of your sender does not exist (#5.1.8)");
    case MailDomain::takes_none:
        return Answer(550, "5.7.27", "the domain of your sender takes no mail (#5.7.27)");
    case MailDomain::doubtful:
        return Answer(451, "4.1.8", "unable to find the domain of your sender now (#4.1.8)");
    }
    return std::nullopt;
}

}

bool Session::checks_domains() const
{
    return around_.domains && config().checks_domains(around_.peer.domain_check);
}

// Literals are no names; our own domains need not be known to the DNS.
void Session::ask_about_domain(const std::string& address)
{
    if (!checks_domains() || policy_.is_ours(address)) return;
    const auto domain = split_address(address).domain;
    if (!domain.empty() && domain.front() != '[') asked_domain_ = domain;
}

// ours: the yes to MAIL, or to the RCPT of the last recipient. What a recipient's domain is
// otherwise, a route may know better than the DNS.
awaitable<Answer> Session::check_domain(Answer ours)
{
    std::string domain = std::exchange(asked_domain_, {});
    const bool of_sender = recipients_.empty();
    co_await flush();
    std::optional<MailDomain> found;
    asking_ = true;
    auto work = find(*around_.domains, std::move(domain), found);
    co_await net::attended(stream_, std::move(work));
    asking_ = false;
    std::optional<Answer> refusal;
    if (of_sender)
        refusal = refused_sender(*found);
    else if (*found == MailDomain::takes_none)
        refusal = Answer(556, "5.1.10", "the domain of that recipient takes no mail (#5.1.10)");
    if (!refusal) co_return ours;
    refusal->because("mfcheck");
    note_refusal(of_sender ? "mail" : "rcpt", of_sender ? sender_ : recipients_.back(), *refusal);
    if (programs_) programs_->event.reset();
    take_back(of_sender ? PluginEvent::mail : PluginEvent::rcpt);
    co_return *refusal;
}

}
