#include "hooks/filter/text_match.hpp"

#include "base/text.hpp"

#include <clocale>
#include <cwctype>

#include <locale.h>

namespace grapnel::hooks {

namespace {

// Without that locale only ASCII letters have two cases.
locale_t letters()
{
    static const locale_t locale = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    return locale;
}

unsigned byte(char c) { return static_cast<unsigned char>(c); }

// The octets of the character at the beginning of text; 1 where it is no UTF-8.
std::size_t length(std::string_view text)
{
    const unsigned first = byte(text.front());
    const std::size_t count = first < 0xC2   ? 1
                              : first < 0xE0 ? 2
                              : first < 0xF0 ? 3
                              : first < 0xF5 ? 4
                                             : 1;
    if (count > text.size()) return 1;
    for (std::size_t i = 1; i < count; ++i)
        if ((byte(text[i]) & 0xC0U) != 0x80U) return 1;
    return count;
}

wint_t decode(std::string_view character)
{
    wint_t code = byte(character.front()) & (0xFFU >> (character.size() + 1));
    for (const char c : character.substr(1)) code = code << 6U | (byte(c) & 0x3FU);
    return code;
}

void append(std::string& text, wint_t code)
{
    const auto put = [&text](wint_t bits) { text += static_cast<char>(bits); };
    const auto tail = [&](unsigned shift) { put(0x80U | (code >> shift & 0x3FU)); };
    if (code < 0x80) return put(code);
    if (code < 0x800) {
        put(0xC0U | code >> 6U);
    } else if (code < 0x10000) {
        put(0xE0U | code >> 12U);
        tail(6);
    } else {
        put(0xF0U | code >> 18U);
        tail(12);
        tail(6);
    }
    tail(0);
}

}

std::string fold_case(std::string_view text)
{
    std::string folded;
    folded.reserve(text.size());
    while (!text.empty()) {
        const auto count = length(text);
        if (count == 1 || !letters())
            folded += lower(text.substr(0, count));
        else
            append(folded, ::towlower_l(decode(text.substr(0, count)), letters()));
        text.remove_prefix(count);
    }
    return folded;
}

bool matches_pattern(std::string_view pattern, std::string_view text)
{
    constexpr auto none = std::string_view::npos;
    std::size_t at = 0, in_text = 0, star = none, taken = 0;
    while (in_text < text.size()) {
        if (at < pattern.size() && pattern[at] == '*') {
            star = at++;
            taken = in_text;
        } else if (at < pattern.size() && pattern[at] == text[in_text]) {
            ++at;
            ++in_text;
        } else if (star != none) {   // the last star takes one more
            at = star + 1;
            in_text = ++taken;
        } else {
            return false;
        }
    }
    return pattern.find_first_not_of('*', at) == none;
}

}
