#include "hooks/values/base64.hpp"

#include <array>

namespace grapnel::hooks {

namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t no_digit = 0xFF;   // its upper bits are those no digit has

constexpr auto digits = [] {
    std::array<std::uint8_t, 256> table{};
    table.fill(no_digit);
    for (std::size_t n = 0; n < alphabet.size(); ++n)
        table[static_cast<unsigned char>(alphabet[n])] = static_cast<std::uint8_t>(n);
    return table;
}();

constexpr std::uint32_t octet(char c) { return static_cast<unsigned char>(c); }
constexpr std::uint32_t digit(char c) { return digits[static_cast<unsigned char>(c)]; }

// Three octets as four digits.
inline void put_group(char* to, std::uint32_t group)
{
    to[0] = alphabet[group >> 18 & 63];
    to[1] = alphabet[group >> 12 & 63];
    to[2] = alphabet[group >> 6 & 63];
    to[3] = alphabet[group & 63];
}

// What four digits say: as many octets as there is room for.
inline void put_octets(char* to, std::uint32_t group, std::size_t count)
{
    for (std::size_t n = 0; n < count; ++n) to[n] = static_cast<char>(group >> (16 - 8 * n) & 255);
}

}

std::string base64(std::string_view bytes)
{
    std::string text((bytes.size() + 2) / 3 * 4, '=');
    const char* from = bytes.data();
    char* to = text.data();
    const char* const end = from + bytes.size();
    for (; end - from >= 3; from += 3, to += 4)
        put_group(to, octet(from[0]) << 16 | octet(from[1]) << 8 | octet(from[2]));
    if (end - from == 2) put_group(to, octet(from[0]) << 16 | octet(from[1]) << 8);
    if (end - from == 1) put_group(to, octet(from[0]) << 16);
    if (end - from == 1) to[2] = '=';
    if (end != from) to[3] = '=';
    return text;
}

std::optional<std::string> decode_base64(std::string_view text)
{
    if (text.size() % 4 != 0) return std::nullopt;
    if (text.empty()) return "";
    const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
    std::string bytes(text.size() / 4 * 3, '\0');
    char* to = bytes.data();
    const char* from = text.data();
    const char* const last = from + text.size() - 4;
    std::uint32_t seen = 0;   // all digits, or-ed: judged once
    for (; from != last; from += 4, to += 3) {
        const auto a = digit(from[0]), b = digit(from[1]), c = digit(from[2]), d = digit(from[3]);
        seen |= a | b | c | d;
        put_octets(to, a << 18 | b << 12 | c << 6 | d, 3);
    }
    const auto a = digit(from[0]), b = digit(from[1]);
    const auto c = padding == 2 ? 0 : digit(from[2]), d = padding != 0 ? 0 : digit(from[3]);
    seen |= a | b | c | d;
    const auto group = a << 18 | b << 12 | c << 6 | d;
    const std::uint32_t stray = padding == 2 ? 0xFFFF : padding == 1 ? 0xFF : 0;
    if (seen > 63 || (group & stray) != 0) return std::nullopt;
    put_octets(to, group, 3 - padding);
    bytes.resize(bytes.size() - padding);
    return bytes;
}

}
