#include "base/mail/srs.hpp"

#include "base/mail/sha1.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

namespace grapnel {

namespace {

constexpr std::string_view base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::string_view base64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::time_t day = 86400;
constexpr std::uint64_t days_of_a_cycle = 32 * 32;

// Without the padding: hashes are cut anyway.
std::string in_base64(std::string_view bytes)
{
    std::string text;
    std::uint32_t held = 0;
    unsigned bits = 0;
    for (const char c : bytes) {
        held = held << 8 | static_cast<unsigned char>(c);
        for (bits += 8; bits >= 6;) text += base64[held >> (bits -= 6) & 63];
    }
    if (bits > 0) text += base64[held << (6 - bits) & 63];
    return text;
}

std::uint64_t day_of(std::time_t now)
{
    return now < 0 ? 0 : static_cast<std::uint64_t>(now / day);
}

std::string timestamp(std::time_t now)
{
    const auto today = day_of(now);
    return {base32[today >> 5 & 31], base32[today & 31]};
}

bool is_fresh(std::string_view stamp, unsigned max_age, std::time_t now)
{
    if (stamp.size() != 2) return false;
    std::uint64_t then = 0;
    for (const char c : stamp) {
        const char upper = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
        const auto digit = base32.find(upper);
        if (digit == std::string_view::npos) return false;
        then = then * 32 + digit;
    }
    auto today = day_of(now) % days_of_a_cycle;
    if (today < then) today += days_of_a_cycle;
    return today <= then + max_age;
}

// Case is lost on the way now and then.
std::string hash(std::string_view secret, std::string_view hashed, std::size_t length)
{
    return in_base64(hmac_sha1(secret, lower(hashed))).substr(0, length);
}

bool is_ours(const Srs& srs, std::string_view given, std::string_view hashed)
{
    if (given.size() < srs.hash_min || given.empty()) return false;
    return std::any_of(srs.secrets.begin(), srs.secrets.end(), [&](const auto& secret) {
        return equal_ignoring_case(hash(secret, hashed, given.size()), given);
    });
}

// "SRS0=rest" or "SRS1+rest": what is behind the word, with the separator.
std::optional<std::string_view> behind(std::string_view word, std::string_view local)
{
    if (!starts_with_ignoring_case(local, word) || local.size() <= word.size()) return std::nullopt;
    const char separator = local[word.size()];
    if (separator != '=' && separator != '+' && separator != '-') return std::nullopt;
    return local.substr(word.size());
}

std::string made(const Srs& srs, std::string_view word, std::string_view rest)
{
    std::string text(word);
    text += srs.separator;
    return text.append(rest).append("@").append(srs.domain);
}

std::string joined(std::string_view a, std::string_view b, std::string_view c)
{
    return std::string(a).append(b).append(c);
}

// host=rest: the SRS0 address at host, of which we keep all but the word.
std::string guarded(const Srs& srs, std::string_view host, std::string_view rest)
{
    const auto mark = hash(srs.secrets.front(), joined(host, rest, ""), srs.hash_length);
    return made(srs, "SRS1", mark + '=' + joined(host, "=", rest));
}

Failure not_ours() { return permanent("that SRS address is not of ours (#5.1.1)"); }

}

std::string srs_forward(const Srs& srs, std::string_view sender, std::time_t now)
{
    const auto at = sender.rfind('@');
    if (at == std::string_view::npos || srs.secrets.empty()) return std::string(sender);
    const auto local = sender.substr(0, at), host = sender.substr(at + 1);
    if (!srs.always && equal_ignoring_case(host, srs.domain)) return std::string(sender);
    // No host has "=" in its name; in the new address nobody could tell where it ends.
    if (host.empty() || host.find('=') != std::string_view::npos) return std::string(sender);
    if (auto rest = behind("SRS1", local)) {
        // Somebody who forwarded a forwarded message: he is left out.
        std::string_view fields = rest->substr(1);
        const auto mark = take_until(fields, '=');
        const auto first_host = mark ? take_until(fields, '=') : std::nullopt;
        if (first_host && !first_host->empty()) return guarded(srs, *first_host, fields);
    }
    if (const auto rest = behind("SRS0", local)) return guarded(srs, host, *rest);
    const auto stamp = timestamp(now);
    const auto mark = hash(srs.secrets.front(), joined(stamp, host, local), srs.hash_length);
    return made(srs, "SRS0", mark + '=' + stamp + '=' + joined(host, "=", local));
}

Result<std::string> srs_reverse(const Srs& srs, std::string_view address, std::time_t now)
{
    auto fields = address.substr(0, address.rfind('@'));
    if (const auto rest = behind("SRS1", fields)) {
        fields = rest->substr(1);
        const auto mark = take_until(fields, '=');
        const auto host = mark ? take_until(fields, '=') : std::nullopt;
        if (!host || host->empty() || !is_ours(srs, *mark, joined(*host, fields, "")))
            return not_ours();
        return joined("SRS0", fields, "@") + std::string(*host);
    }
    const auto rest = behind("SRS0", fields);
    if (!rest) return permanent("that is no SRS address (#5.1.1)");
    fields = rest->substr(1);
    const auto mark = take_until(fields, '=');
    const auto stamp = mark ? take_until(fields, '=') : std::nullopt;
    const auto host = stamp ? take_until(fields, '=') : std::nullopt;
    if (!host || host->empty() || !is_ours(srs, *mark, joined(*stamp, *host, fields)))
        return not_ours();
    if (!is_fresh(*stamp, srs.max_age, now))
        return permanent("that SRS address is too old (#5.1.1)");
    return joined(fields, "@", *host);
}

}
