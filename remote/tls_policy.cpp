#include "remote/tls_policy.hpp"

#include "base/mail/name_table.hpp"
#include "base/sys/file.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>

namespace grapnel::remote {

namespace {

// A server's name comes from the DNS, too; it is to be no path.
bool is_file_name(std::string_view host)
{
    return !host.empty() && host.size() <= 255 && host.front() != '.' &&
           std::all_of(host.begin(), host.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || is_digit(c) || c == '.' || c == '-' || c == '_' ||
                      c == ':';
           });
}

bool is_there(const std::string& path) { return status_if_there(path).has_value(); }

}

std::optional<TlsLevel> parse_tls_level(std::string_view word)
{
    constexpr std::array<std::string_view, 4> words{"none", "may", "encrypt", "verify"};
    const auto at = std::find_if(words.begin(), words.end(), [word](std::string_view known) {
        return equal_ignoring_case(known, word);
    });
    if (at == words.end()) return std::nullopt;
    return static_cast<TlsLevel>(at - words.begin());
}

TlsDestinations::TlsDestinations(const std::vector<std::string>& lines)
{
    for (const std::string_view line : lines) {
        const auto colon = line.rfind(':');   // an address has some, too
        if (colon == std::string_view::npos) continue;
        if (const auto level = parse_tls_level(trim(line.substr(colon + 1))))
            entries_.emplace_back(lower(trim(line.substr(0, colon))), *level);
    }
}

std::optional<TlsLevel> TlsDestinations::of_host(std::string_view host) const
{
    const auto found = std::find_if(entries_.rbegin(), entries_.rend(), [host](const auto& entry) {
        return equal_ignoring_case(entry.first, host);
    });
    if (found == entries_.rend()) return std::nullopt;
    return found->second;
}

std::optional<TlsLevel> TlsDestinations::find(std::string_view host, std::string_view domain) const
{
    for (const auto name : {host, domain})
        for (const auto part : domain_and_suffixes(name))
            if (const auto level = of_host(part)) return level;
    return of_host("*");
}

TlsRule tls_rule(const Control& control, const TlsDestinations& destinations, std::string_view host,
                 std::string_view domain, bool with_login)
{
    const auto written = with_login ? destinations.of_host(host) : destinations.find(host, domain);
    if (written && *written != TlsLevel::verify) return {*written};
    const auto name = lower(host);
    if (is_file_name(name)) {
        const auto authorities = control.path("tlshosts") + '/' + name + ".pem";
        if (is_there(authorities)) return {TlsLevel::verify, authorities};
        if (!written && !with_login &&
            (is_there(control.path("tlshosts") + "/exhaustivelist") ||
             is_there(control.path("notlshosts") + '/' + name)))
            return {TlsLevel::none};
    }
    return {written || with_login ? TlsLevel::verify : TlsLevel::may};
}

}
