#include "smtpd/policy.hpp"

#include "base/mail/address.hpp"
#include "base/text.hpp"

namespace grapnel::smtpd {

std::optional<Answer> Policy::bad_sender(std::string_view sender) const
{
    if (sender.empty()) return std::nullopt;
    const auto words = config_.refused.senders.find(sender, peer_.may_relay());
    if (!words) return std::nullopt;
    Answer answer(553, "5.7.1", "sorry, your envelope sender is in my badmailfrom list (#5.7.1)");
    parse_code_and_text(*words, answer);
    return answer.because("badmailfrom");
}

std::optional<Answer> Policy::bad_helo(std::string_view name) const
{
    if (name.empty()) return std::nullopt;
    const auto words = config_.refused.helos.find(name, peer_.may_relay());
    if (!words) return std::nullopt;
    Answer answer(553, "5.7.1", "sorry, your HELO host name has been denied (#5.7.1)");
    parse_code_and_text(*words, answer);
    return answer.because("badhelo");
}

std::optional<Answer> Policy::bad_client() const
{
    if (peer_.may_relay() || !peer_.address) return std::nullopt;
    const auto host = peer_.host == "unknown" ? std::nullopt : std::optional(peer_.host);
    const auto words = config_.refused.clients.find(*peer_.address, host);
    if (!words) return std::nullopt;
    Answer answer(554, "5.7.1", "sorry, no mail is taken from you (#5.7.1)");
    parse_code_and_text(*words, answer);
    return answer.because("badclients");
}

namespace {
// "127.0.0.01" names the same host, as qmail reads it.
std::string without_leading_zeros(std::string_view address)
{
    std::string result;
    for (const char c : address) {
        const auto size = result.size();
        const bool leading =
            size > 0 && result.back() == '0' && (size == 1 || result[size - 2] == '.');
        if (is_digit(c) && leading) result.pop_back();
        result += c;
    }
    return address.find(':') == std::string_view::npos ? result : std::string(address);
}
}

std::string Policy::localized(const Path& path) const
{
    const auto at = path.address.rfind('@');
    if (at == std::string::npos || at + 2 >= path.address.size() || path.address[at + 1] != '[')
        return path.address;
    auto inside = std::string_view(path.address).substr(at + 2);
    if (!inside.ends_with(']')) return path.address;
    inside.remove_suffix(1);
    if (starts_with_ignoring_case(inside, "IPv6:")) inside.remove_prefix(5);
    const auto address = net::IpAddress::parse(without_leading_zeros(inside));
    if (!address || !config_.is_my_address(*address)) return path.address;
    return path.address.substr(0, at + 1) + config_.local_ip_host;
}

// Classic: an address without a domain is ours; a listed domain, or one that ends in a listed
// ".suffix".
bool Policy::takes_mail_for(std::string_view address) const
{
    const auto at = address.rfind('@');
    if (at == std::string_view::npos) return true;
    const std::string domain = lower(address.substr(at + 1));
    if (!config_.rcpthosts) return lax_[Lax::openrelay] || config_.locals.contains(domain);
    return is_listed(domain);
}

bool Policy::is_ours(std::string_view address) const
{
    const auto at = address.rfind('@');
    if (at == std::string_view::npos) return true;
    const std::string domain = lower(address.substr(at + 1));
    return config_.locals.contains(domain) || is_listed(domain);
}

bool Policy::is_listed(std::string_view domain) const
{
    if (!config_.rcpthosts) return false;
    for (const auto name : domain_and_suffixes(domain)) {
        if (config_.rcpthosts->contains(name)) return true;
        if (config_.more_rcpthosts && config_.more_rcpthosts->find(name)) return true;
    }
    return false;
}

std::optional<Answer> Policy::recipient(std::string_view address) const
{
    if (auto refusal = listed_recipient(address)) return refusal;
    if (peer_.may_relay()) return std::nullopt;
    if (auto refusal = foreign_recipient(address)) return refusal;
    const auto& valid = config_.refused.valid;
    if (!valid.is_used() || lax_[Lax::lateuser] || address.find('@') == std::string_view::npos ||
        is_postmaster(address) || valid.contains(address))
        return std::nullopt;
    return Answer(550, "5.1.1", "sorry, no mailbox here by that name (#5.1.1)")
        .because("validrcptto");
}

// RFC 7293 5: whose mailboxes are elsewhere, there it is known.
std::optional<Answer> Policy::owner(std::string_view address, std::time_t since) const
{
    auto owner = Owner::same;
    if (config_.owners)
        owner = config_.owners->of(address, since);
    else if (config_.locals.contains(split_address(address).domain) && !is_role_account(address))
        owner = Owner::unknown;
    if (owner == Owner::same) return std::nullopt;
    const auto [status, words] = words_of(owner);
    return Answer(550, std::string(status),
                  "sorry, " + std::string(words) + " (#" + std::string(status) + ')')
        .because("ownersince");
}

Policy::Existence Policy::exists(std::string_view address) const
{
    if (foreign_recipient(address) || address.find('@') == std::string_view::npos)
        return Existence::unknown;
    if (is_postmaster(address)) return Existence::yes;
    const auto& valid = config_.refused.valid;
    if (!valid.is_used()) return Existence::unknown;
    return valid.contains(address) ? Existence::yes : Existence::no;
}

std::optional<Answer> Policy::listed_recipient(std::string_view address) const
{
    const auto words = config_.refused.recipients.find(address, peer_.may_relay());
    if (!words) return std::nullopt;
    Answer answer(553, "5.7.1", "sorry, your envelope recipient has been denied (#5.7.1)");
    parse_code_and_text(*words, answer);
    return answer.because("badrcptto");
}

std::optional<Answer> Policy::foreign_recipient(std::string_view address) const
{
    std::string now(address);
    // joe%far@here goes on as joe@far where "here" has the percent hack: then that is what must be
    // allowed.
    for (;;) {
        if (!takes_mail_for(now))
            return Answer(553, "5.7.1",
                          "sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)")
                .because("rcpthosts");
        const auto at = now.rfind('@');
        if (at == std::string::npos ||
            !config_.percent_hack.contains(std::string_view(now).substr(at + 1)))
            return std::nullopt;
        const auto percent = now.rfind('%', at);
        if (percent == std::string::npos) return std::nullopt;
        now.resize(at);
        now[percent] = '@';
    }
}

std::uint64_t Policy::databytes_of(std::string_view address) const
{
    const auto& limits = config_.recipient_databytes;
    if (limits.empty()) return 0;
    const auto* found = limits.find(address);
    const auto at = address.rfind('@');
    if (!found && at != std::string_view::npos) found = limits.find(address.substr(at));
    return found ? leading_number(trim_left(*found)).value_or(0) : 0;
}

bool Policy::is_postmaster(std::string_view address) const
{
    return equal_ignoring_case(split_address(address).local, "postmaster") &&
           takes_mail_for(address);
}

}
