#include "queue/json_text.hpp"

#include <array>
#include <cstddef>
#include <cstdio>

namespace grapnel::queue {

namespace {

// How many octets of text are one character of UTF-8 (RFC 3629); 0: none are.
std::size_t character_at(std::string_view text)
{
    struct Form {
        unsigned mask, lead, least;
    };
    constexpr std::array<Form, 3> forms{
        {{0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}}};
    const auto octet = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    if (octet(0) < 0x80) return 1;
    for (std::size_t more = 1; more <= forms.size(); ++more) {
        const auto& form = forms[more - 1];
        if ((octet(0) & form.mask) != form.lead) continue;
        if (text.size() <= more) return 0;
        unsigned value = octet(0) & ~form.mask & 0xffU;
        for (std::size_t i = 1; i <= more; ++i) {
            if ((octet(i) & 0xc0U) != 0x80U) return 0;
            value = value << 6 | (octet(i) & 0x3fU);
        }
        const bool surrogate = value >= 0xd800 && value < 0xe000;
        return value < form.least || value > 0x10ffff || surrogate ? 0 : more + 1;
    }
    return 0;
}

}

std::string json_text(std::string_view text)
{
    std::string result = "\"";
    while (!text.empty()) {
        const auto size = character_at(text);
        const char c = text.front();
        std::array<char, 8> code{};
        if (c == '"' || c == '\\')
            (result += '\\') += c;
        else if (size == 1 && (c < 32 || c == 127))
            result.append(code.data(), static_cast<std::size_t>(
                                           std::snprintf(code.data(), code.size(), "\\u%04x", c)));
        else
            result += size > 0 ? text.substr(0, size) : std::string_view("\\ufffd");
        text.remove_prefix(size > 0 ? size : 1);
    }
    return result + '"';
}

}
