// Content-Transfer-Encoding (RFC 2045 6), read with tolerance and written strictly. What is encoded
// stands in lines that end in LF; what is decoded are the octets themselves, with CRLF. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace grapnel::hooks {

enum class TransferEncoding : std::uint8_t {
    seven_bit,
    eight_bit,   // binary too
    base64,
    quoted_printable,
    unknown
};
constexpr bool is_plain(TransferEncoding encoding)
{
    return encoding == TransferEncoding::seven_bit || encoding == TransferEncoding::eight_bit;
}

// Of a field's value; comments and case do not matter. "" is 7bit.
TransferEncoding transfer_encoding_named(std::string_view value);

struct Octets {
    std::string bytes;
    bool problem = false;   // what was there is not what such an encoder writes
};
Octets decode_transfer(TransferEncoding encoding, std::string_view lines);

// Lines of 76 at most, each with its LF.
std::string base64_lines(std::string_view octets);
// text: lines with LF. Nothing that a relay might touch stays: blanks at line ends, "From ", ".".
std::string quoted_printable_lines(std::string_view text);

// The "Q" and "B" of encoded words and %XX of parameters need these too.
int hexadecimal_digit(char c);   // -1: none
// Octets of base64 without line structure: stops at padding. false: not all of it was base64.
bool append_base64(std::string_view text, std::string& octets);

}
