#include "smtpd/policy.hpp"

#include "base/mail/address.hpp"
#include "base/text.hpp"

namespace grapnel::smtpd {

std::optional<Answer> Policy::bad_sender(std::string_view sender) const
{
    const std::string address = lower(sender);
    auto found = config_.bad_senders.find(address);
    const auto at = address.rfind('@');
    if (found == config_.bad_senders.end() && at != std::string::npos)
        found = config_.bad_senders.find(std::string_view(address).substr(at));
    if (found == config_.bad_senders.end()) return std::nullopt;
    Answer answer(553, "5.7.1", "sorry, your envelope sender is in my badmailfrom list (#5.7.1)");
    parse_code_and_text(found->second, answer);
    return answer.because("badmailfrom");
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
    for (const auto name : domain_and_suffixes(domain)) {
        if (config_.rcpthosts->contains(name)) return true;
        if (config_.more_rcpthosts && config_.more_rcpthosts->find(name)) return true;
    }
    return false;
}

std::optional<Answer> Policy::recipient(std::string_view address) const
{
    if (peer_.may_relay()) return std::nullopt;
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

bool Policy::is_postmaster(std::string_view address) const
{
    return equal_ignoring_case(split_address(address).local, "postmaster") &&
           takes_mail_for(address);
}

}
