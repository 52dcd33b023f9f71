#include "support/placeholders.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <cctype>
#include <optional>

namespace grapnel::test {

namespace {

bool is_name(std::string_view text)
{
    const auto upper = [](char c) { return (c >= 'A' && c <= 'Z') || is_digit(c); };
    const auto colon = text.find(':');
    const auto word = text.substr(0, colon);
    return !word.empty() && !is_digit(word.front()) && std::all_of(word.begin(), word.end(), upper);
}

// Takes a placeholder's name off the front of text, which begins with "@".
std::optional<std::string_view> take_placeholder(std::string_view& text)
{
    const auto end = text.find('@', 1);
    if (end == std::string_view::npos || !is_name(text.substr(1, end - 1))) return std::nullopt;
    const auto name = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
    return name;
}

std::size_t digits(std::string_view text)
{
    std::size_t count = 0;
    while (count < text.size() && is_digit(text[count])) ++count;
    return count;
}

// pattern: 9 a digit, A a letter, _ a digit or a blank, anything else itself. Length of the match,
// or 0.
std::size_t form(std::string_view pattern, std::string_view text)
{
    if (text.size() < pattern.size()) return 0;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        const char c = text[i];
        const bool fits = pattern[i] == '9'   ? is_digit(c)
                          : pattern[i] == 'A' ? is_letter(c)
                          : pattern[i] == '_' ? is_digit(c) || c == ' '
                                              : c == pattern[i];
        if (!fits) return 0;
    }
    return pattern.size();
}

// How much of text a placeholder of unknown value covers; 0: not at all.
std::size_t covers(std::string_view name, std::string_view text)
{
    if (name == "PID" || name == "TIME") return digits(text);
    if (name == "CTIME") return form("AAA AAA _9 99:99:99 9999", text);
    if (name == "DATE")
        return std::max(form("9 AAA 9999 99:99:99 -0000", text),
                        form("99 AAA 9999 99:99:99 -0000", text));
    if (name == "MSGID") {
        const auto stamp = form("99999999999999.", text);
        const auto pid = stamp ? digits(text.substr(stamp)) : 0;
        return pid && text.substr(stamp + pid).starts_with(".qmail") ? stamp + pid + 6 : 0;
    }
    return 0;
}

}

std::string expand(std::string_view text, const Known& known)
{
    std::string result;
    while (!text.empty()) {
        auto rest = text;
        const auto name = text.front() == '@' ? take_placeholder(rest) : std::nullopt;
        const auto found = name ? known.find(*name) : known.end();
        if (found == known.end()) {
            result += text.front();
            text.remove_prefix(1);
            continue;
        }
        result += found->second;
        text = rest;
    }
    return result;
}

bool matches(std::string_view recorded, std::string_view actual, const Known& known)
{
    const std::string whole = expand(recorded, known);
    std::string_view wanted = whole;
    while (!wanted.empty()) {
        auto rest = wanted;
        const auto name = wanted.front() == '@' ? take_placeholder(rest) : std::nullopt;
        if (const auto length = name ? covers(*name, actual) : 0) {
            actual.remove_prefix(length);
            wanted = rest;
            continue;
        }
        if (actual.empty() || actual.front() != wanted.front()) return false;
        actual.remove_prefix(1);
        wanted.remove_prefix(1);
    }
    return actual.empty();
}

std::string visible(std::string_view text)
{
    std::string result;
    for (const char c : text) {
        if (c == '\n')
            result += "\\n\n";
        else if (std::isprint(static_cast<unsigned char>(c)))
            result += c;
        else {
            constexpr std::string_view alphabet = "0123456789abcdef";
            const auto byte = static_cast<unsigned char>(c);
            result += {'\\', 'x', alphabet[byte >> 4], alphabet[byte & 15]};
        }
    }
    return result;
}

}
