#include "hooks/message/transfer_encoding.hpp"

#include "base/text.hpp"
#include "hooks/message/lexemes.hpp"
#include "hooks/message/lines.hpp"
#include "hooks/values/base64.hpp"

#include <array>

namespace grapnel::hooks {

namespace {

constexpr std::size_t longest_line = 76;
constexpr std::string_view hexadecimal = "0123456789ABCDEF";

constexpr std::array<signed char, 256> base64_digits = [] {
    std::array<signed char, 256> digits{};
    digits.fill(-1);
    constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (std::size_t n = 0; n < alphabet.size(); ++n)
        digits[static_cast<unsigned char>(alphabet[n])] = static_cast<signed char>(n);
    return digits;
}();

bool is_white(char c) { return is_blank(c) || c == '\n' || c == '\r'; }

// One line without its end, blanks at its end already gone. false: "=" that is no code.
bool append_printable(std::string_view line, std::string& octets)
{
    bool good = true;
    for (std::size_t n = 0; n < line.size(); ++n) {
        const bool has_two = line[n] == '=' && n + 2 < line.size();
        const int high = has_two ? hexadecimal_digit(line[n + 1]) : -1;
        const int low = has_two ? hexadecimal_digit(line[n + 2]) : -1;
        if (high >= 0 && low >= 0) {
            octets += static_cast<char>(high * 16 + low);
            n += 2;
        } else {
            good = good && line[n] != '=';
            octets += line[n];
        }
    }
    return good;
}

Octets decode_printable(std::string_view lines)
{
    Octets octets;
    octets.bytes.reserve(lines.size());
    while (!lines.empty()) {
        auto line = first_line(lines);
        lines.remove_prefix(line.size());
        const bool ended = line.ends_with('\n');
        while (!line.empty() && is_white(line.back())) line.remove_suffix(1);
        const bool goes_on = line.ends_with('=');
        if (goes_on) line.remove_suffix(1);
        if (!append_printable(line, octets.bytes)) octets.problem = true;
        if (ended && !goes_on) octets.bytes += "\r\n";
    }
    return octets;
}

void append_code(char c, std::string& line)
{
    const auto octet = static_cast<unsigned char>(c);
    line += '=';
    line += hexadecimal[octet >> 4];
    line += hexadecimal[octet & 15U];
}

// RFC 2045 6.7; the end of line is a line end, or of the text.
void append_printable_lines(std::string_view line, std::string& lines)
{
    std::string out;
    for (std::size_t n = 0; n < line.size(); ++n) {
        const char c = line[n];
        const bool last = n + 1 == line.size();
        const bool at_start = out.empty();
        const bool risky =
            (at_start && c == '.') || (at_start && line.substr(n).starts_with("From "));
        const bool plain = (c > 32 && c < 127 && c != '=' && !risky) || (is_blank(c) && !last);
        // Room for the "=" of a soft line end, unless this is the last.
        if (out.size() + (plain ? 1 : 3) > longest_line - (last ? 0 : 1)) {
            lines.append(out).append("=\n");
            out.clear();
            --n;   // again, at the start of a line
            continue;
        }
        if (plain)
            out += c;
        else
            append_code(c, out);
    }
    lines += out;
}

}

TransferEncoding transfer_encoding_named(std::string_view value)
{
    skip_blanks_and_comments(value);
    value = take_until_any(value, " \t\r\n;(");
    if (value.empty() || equal_ignoring_case(value, "7bit")) return TransferEncoding::seven_bit;
    if (equal_ignoring_case(value, "8bit") || equal_ignoring_case(value, "binary"))
        return TransferEncoding::eight_bit;
    if (equal_ignoring_case(value, "base64")) return TransferEncoding::base64;
    if (equal_ignoring_case(value, "quoted-printable")) return TransferEncoding::quoted_printable;
    return TransferEncoding::unknown;
}

Octets decode_transfer(TransferEncoding encoding, std::string_view lines)
{
    if (encoding == TransferEncoding::quoted_printable) return decode_printable(lines);
    Octets octets;
    if (encoding == TransferEncoding::base64) {
        octets.bytes.reserve(lines.size() / 4 * 3 + 3);
        octets.problem = !append_base64(lines, octets.bytes);
    } else {
        octets.bytes = crlf(lines);
        octets.problem = encoding == TransferEncoding::unknown;
    }
    return octets;
}

bool append_base64(std::string_view text, std::string& octets)
{
    bool good = true;
    std::uint32_t gathered = 0;
    unsigned digits = 0;
    std::size_t n = 0;
    for (; n < text.size() && text[n] != '='; ++n) {
        const int digit = base64_digits[static_cast<unsigned char>(text[n])];
        if (digit < 0) {
            good = good && is_white(text[n]);
            continue;
        }
        gathered = gathered << 6 | static_cast<std::uint32_t>(digit);
        if (++digits < 4) continue;
        octets += static_cast<char>(gathered >> 16);
        octets += static_cast<char>(gathered >> 8);
        octets += static_cast<char>(gathered);
        digits = 0;
    }
    if (digits >= 2) octets += static_cast<char>(gathered >> (digits == 2 ? 4 : 10));
    if (digits == 3) octets += static_cast<char>(gathered >> 2);
    unsigned padding = 0;
    for (; n < text.size(); ++n) {
        if (text[n] == '=')
            ++padding;
        else
            good = good && is_white(text[n]);
    }
    return good && padding == (digits == 0 ? 0U : 4U - digits) && digits != 1;
}

std::string base64_lines(std::string_view octets)
{
    constexpr std::size_t octets_a_line = longest_line / 4 * 3;
    std::string lines;
    lines.reserve(octets.size() / 3 * 4 + octets.size() / octets_a_line + 8);
    while (!octets.empty()) {
        lines.append(base64(octets.substr(0, octets_a_line))).append("\n");
        octets.remove_prefix(std::min(octets.size(), octets_a_line));
    }
    return lines;
}

std::string quoted_printable_lines(std::string_view text)
{
    std::string lines;
    lines.reserve(text.size() + text.size() / 8);
    while (!text.empty()) {
        auto line = first_line(text);
        text.remove_prefix(line.size());
        const bool ended = line.ends_with('\n');
        if (ended) line.remove_suffix(1);
        append_printable_lines(line, lines);
        if (ended) lines += '\n';
    }
    return lines;
}

int hexadecimal_digit(char c)
{
    if (is_digit(c)) return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

}
