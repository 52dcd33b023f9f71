#include "base/mail/address.hpp"
#include "base/mail/idna.hpp"
#include "base/mail/utf8.hpp"
#include "base/net/ip_address.hpp"
#include "base/text.hpp"
#include "smtpd/command.hpp"
#include "smtpd/parameters.hpp"

#include <algorithm>

namespace grapnel::smtpd {

namespace {

bool is_label(std::string_view label, bool underscore)
{
    const auto fits = [underscore](char c) {
        return is_letter(c) || is_digit(c) || c == '-' || (underscore && c == '_');
    };
    return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
           std::all_of(label.begin(), label.end(), fits);
}

bool is_domain(std::string_view text, bool underscore)
{
    const auto labels = split(text, '.');
    return std::all_of(labels.begin(), labels.end(), [underscore](std::string_view label) {
        return is_label(label, underscore);
    });
}

bool is_non_ascii(char c) { return (static_cast<unsigned char>(c) & 0x80) != 0; }

// The first of `wanted` outside quotes and not behind a backslash.
std::size_t find_unquoted(std::string_view text, char wanted)
{
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\')
            ++i;
        else if (text[i] == '"')
            quoted = !quoted;
        else if (text[i] == wanted && !quoted)
            return i;
    }
    return std::string_view::npos;
}

bool is_atom_text(char c)
{
    return is_letter(c) || is_digit(c) || is_non_ascii(c) ||
           std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

// Dot-string or Quoted-string, as a whole.
bool is_local_part(std::string_view text, bool controls)
{
    if (text.empty()) return false;
    if (text.front() != '"') {
        const auto atoms = split(text, '.');
        return std::all_of(atoms.begin(), atoms.end(), [controls](std::string_view atom) {
            return !atom.empty() && std::all_of(atom.begin(), atom.end(), [controls](char c) {
                return is_atom_text(c) || (controls && is_control(c));
            });
        });
    }
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] == '"') return i + 1 == text.size();
        if (text[i] == '\\' && ++i + 1 >= text.size()) return false;
    }
    return false;
}

// "@a,@b:joe@c": the route is recognised and dropped (RFC 5321 appendix C).
Fault strip_route(std::string_view& text)
{
    if (text.empty() || text.front() != '@') return Fault::none;
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) return Fault::mailbox;
    for (const auto host : split(text.substr(0, colon), ',')) {
        if (!host.starts_with('@') || !is_host_name(host.substr(1), true)) return Fault::mailbox;
    }
    text.remove_prefix(colon + 1);
    return Fault::none;
}

// U+0080 to U+009F.
bool holds_c1_control(std::string_view text)
{
    for (std::size_t i = 1; i < text.size(); ++i) {
        const auto octet = static_cast<unsigned char>(text[i]);
        if (text[i - 1] == '\xc2' && octet >= 0x80 && octet <= 0x9f) return true;
    }
    return false;
}

Fault octets(std::string_view text, const PathRules& rules)
{
    if (rules.controls) return Fault::none;
    if (std::any_of(text.begin(), text.end(), is_control)) return Fault::control;
    if (std::none_of(text.begin(), text.end(), is_non_ascii)) return Fault::none;
    if (!rules.utf8 || !is_utf8(text)) return Fault::non_ascii;
    return holds_c1_control(text) ? Fault::control : Fault::none;
}

// What classic qmail makes of MAIL's or RCPT's argument: it always finds something.
void parse_classic(std::string_view argument, Path& path)
{
    char terminator = '>';
    if (const auto open = argument.find('<'); open != std::string_view::npos) {
        argument.remove_prefix(open + 1);
    } else {
        terminator = ' ';
        const auto colon = argument.find(':');
        argument.remove_prefix(colon == std::string_view::npos ? argument.size() : colon + 1);
        argument.remove_prefix(std::min(argument.size(), argument.find_first_not_of(' ')));
    }
    // The route ends at the first colon, before quotes are looked at.
    if (argument.starts_with('@')) {
        const auto colon = argument.find(':');
        argument.remove_prefix(colon == std::string_view::npos ? argument.size() : colon + 1);
    }
    const auto end = find_unquoted(argument, terminator);
    path.as_given = argument.substr(0, end);
    path.address = unquote(path.as_given);
    if (end != std::string_view::npos) path.parameters = argument.substr(end + 1);
}

}

bool is_address_literal(std::string_view text)
{
    if (text.size() < 3 || text.front() != '[' || text.back() != ']') return false;
    auto inside = text.substr(1, text.size() - 2);
    const bool tagged = starts_with_ignoring_case(inside, "IPv6:");
    if (tagged) inside.remove_prefix(5);
    const bool colons = inside.find(':') != std::string_view::npos;
    return tagged == colons && net::IpAddress::parse(inside).has_value();
}

bool is_host_name(std::string_view text, bool underscore)
{
    if (text.ends_with('.')) text.remove_suffix(1);
    return text.size() <= longest_domain &&
           (is_domain(text, underscore) || is_address_literal(text));
}

Fault parse_mailbox(std::string_view text, const PathRules& rules, Path& path)
{
    // The sender of double bounces: a classic host sends them on to where its postmaster reads.
    if (rules.may_be_empty && text == "#@[]") {
        path.address = text;
        return Fault::none;
    }
    if (const auto fault = octets(text, rules); fault != Fault::none) return fault;
    const auto size = text.size();
    if (const auto fault = strip_route(text); fault != Fault::none) return fault;
    path.route = size - text.size();
    const auto at = find_unquoted(text, '@');
    const auto local = text.substr(0, at);
    if (!is_local_part(local, rules.controls)) return Fault::mailbox;
    const std::string unquoted = unquote(local);
    if (unquoted.size() > longest_local) return Fault::mailbox;
    if (at == std::string_view::npos) {
        const bool postmaster = rules.may_be_postmaster && equal_ignoring_case(local, "postmaster");
        path.address = unquoted;
        return postmaster || rules.without_domain ? Fault::none : Fault::no_domain;
    }
    auto domain = text.substr(at + 1);
    if (domain.ends_with('.')) domain.remove_suffix(1);
    if (domain.size() > longest_domain) return Fault::domain;
    path.literal = is_address_literal(domain);
    const bool international = std::any_of(domain.begin(), domain.end(), is_non_ascii);
    if (!path.literal && !international && !is_domain(domain, rules.underscore))
        return Fault::mailbox;
    path.address = unquoted + '@' + std::string(domain);
    if (!international || !rules.utf8) return Fault::none;
    const auto ascii = ascii_domain(domain);   // RFC 6531 3.3: both forms are the same name
    if (!ascii || !is_domain(*ascii, false)) return Fault::mailbox;
    path.address = unquoted + '@' + *ascii;
    return Fault::none;
}

Fault parse_path(std::string_view argument, std::string_view keyword, const PathRules& rules,
                 Path& path)
{
    if (rules.classic) {
        parse_classic(argument, path);
        return path.address.size() > 899 ? Fault::too_long : Fault::none;
    }
    if (!starts_with_ignoring_case(argument, keyword)) return Fault::syntax;
    argument = trim_left(argument.substr(keyword.size()));
    const bool bracket = argument.starts_with('<');
    if (!bracket && (!rules.brackets_optional || argument.empty())) return Fault::syntax;
    if (bracket) argument.remove_prefix(1);
    const auto end = find_unquoted(argument, bracket ? '>' : ' ');
    if (bracket && end == std::string_view::npos) return Fault::syntax;
    const auto inside = argument.substr(0, end);
    auto rest = argument.substr(std::min(argument.size(), inside.size() + (bracket ? 1 : 0)));
    if (!rest.empty() && rest.front() != ' ') return Fault::syntax;
    path.parameters = trim(rest);
    path.as_given = inside;
    if (inside.size() > longest_path) return Fault::too_long;
    if (inside.empty()) return rules.may_be_empty ? Fault::none : Fault::syntax;
    PathRules now = rules;
    now.utf8 = rules.utf8 || (rules.utf8_where_asked && ask_for_utf8(path.parameters));
    return parse_mailbox(inside, now, path);
}

}
