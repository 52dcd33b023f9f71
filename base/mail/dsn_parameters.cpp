#include "base/mail/dsn_parameters.hpp"

#include "base/mail/utf8.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>

namespace grapnel {

namespace {

bool is_upper_hex(char c) { return is_digit(c) || (c >= 'A' && c <= 'F'); }
bool is_ascii(char c) { return (static_cast<unsigned char>(c) & 0x80) == 0; }

// RFC 3461 4.
bool is_xtext(std::string_view text)
{
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] < 33 || text[i] > 126 || text[i] == '=') return false;
        if (text[i] != '+') continue;
        if (i + 2 >= text.size() || !is_upper_hex(text[i + 1]) || !is_upper_hex(text[i + 2]))
            return false;
        i += 2;
    }
    return true;
}

// Characters beyond ASCII stand for themselves between pieces of xtext.
bool is_international(std::string_view text)
{
    std::string plain(text);
    std::erase_if(plain, [](char c) { return !is_ascii(c); });
    return is_xtext(plain) && is_utf8(text);
}

}

bool is_ret(std::string_view value)
{
    return equal_ignoring_case(value, "FULL") || equal_ignoring_case(value, "HDRS");
}

bool is_envid(std::string_view value)
{
    return !value.empty() && value.size() <= longest_envelope_id && is_xtext(value);
}

bool is_notify(std::string_view value)
{
    if (equal_ignoring_case(value, "NEVER")) return true;
    constexpr std::array<std::string_view, 3> events{"SUCCESS", "FAILURE", "DELAY"};
    const auto words = split(value, ',');
    return words.size() <= events.size() &&
           std::all_of(words.begin(), words.end(), [&](std::string_view word) {
               return std::any_of(events.begin(), events.end(), [word](std::string_view event) {
                   return equal_ignoring_case(word, event);
               });
           });
}

bool is_orcpt(std::string_view value, bool international)
{
    const auto semicolon = value.find(';');
    if (semicolon == 0 || semicolon == std::string_view::npos ||
        value.size() > longest_original_recipient)
        return false;
    const auto type = value.substr(0, semicolon), address = value.substr(semicolon + 1);
    const bool as_it_is = international && equal_ignoring_case(type, "utf-8");
    return !address.empty() && (as_it_is ? is_international(address) : is_xtext(address)) &&
           std::all_of(type.begin(), type.end(),
                       [](char c) { return is_letter(c) || is_digit(c) || c == '-'; });
}

}
