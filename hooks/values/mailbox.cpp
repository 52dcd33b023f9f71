#include "hooks/values/mailbox.hpp"

#include "base/mail/address.hpp"
#include "base/net/ip_address.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace grapnel::hooks {

namespace {

// RFC 5321 4.5.3.1: two octets of the 256 of a path are its angle brackets.
constexpr std::size_t longest_mailbox = 254, longest_local = 64, longest_label = 63;

bool is_beyond_ascii(char c) { return (static_cast<unsigned char>(c) & 0x80) != 0; }

bool is_plain(char c, std::string_view others)
{
    return is_letter(c) || is_digit(c) || is_beyond_ascii(c) ||
           others.find(c) != std::string_view::npos;
}

bool is_atom(std::string_view text)
{
    return !text.empty() && std::all_of(text.begin(), text.end(),
                                        [](char c) { return is_plain(c, "!#$%&'*+-/=?^_`{|}~"); });
}

bool is_quoted(std::string_view text)
{
    if (text.size() < 2 || text.front() != '"') return false;
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] == '"') return i + 1 == text.size();
        if (text[i] == '\\') ++i;
    }
    return false;
}

bool is_local_part(std::string_view text)
{
    if (text.size() > longest_local) return false;
    if (is_quoted(text)) return true;
    const auto atoms = split(text, '.');
    return std::all_of(atoms.begin(), atoms.end(), is_atom);
}

bool is_label(std::string_view text)
{
    return !text.empty() && text.size() <= longest_label && text.front() != '-' &&
           text.back() != '-' &&
           std::all_of(text.begin(), text.end(), [](char c) { return is_plain(c, "-"); });
}

// RFC 5321 4.1.3; there are no other tags than IPv6.
bool is_literal(std::string_view text)
{
    if (text.size() < 3 || text.front() != '[' || text.back() != ']') return false;
    text = text.substr(1, text.size() - 2);
    const bool tagged = starts_with_ignoring_case(text, "IPv6:");
    if (tagged) text.remove_prefix(5);
    const bool colons = text.find(':') != std::string_view::npos;
    return tagged == colons && net::IpAddress::parse(text).has_value();
}

bool is_domain(std::string_view text)
{
    const auto labels = split(text, '.');
    return is_literal(text) || std::all_of(labels.begin(), labels.end(), is_label);
}

}

bool is_mailbox(std::string_view text, bool utf8)
{
    const auto forbidden = [utf8](char c) {
        return (c >= 0 && c < 32) || c == 127 || (!utf8 && is_beyond_ascii(c));
    };
    if (text.size() > longest_mailbox || std::any_of(text.begin(), text.end(), forbidden))
        return false;
    const auto [local, domain, has_at] = split_address(text);
    return has_at && is_local_part(local) && is_domain(domain);
}

std::string mailbox_key(std::string_view address)
{
    const auto [local, domain, has_at] = split_address(address);
    return unquote(local) + (has_at ? "@" : "") + lower(domain);
}

}
