#include "base/text.hpp"

#include <algorithm>

namespace grapnel {

namespace {
constexpr bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n'; }
}

std::string_view trim_right(std::string_view text)
{
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

std::string_view trim_left(std::string_view text)
{
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    return text;
}

std::string_view trim(std::string_view text) { return trim_left(trim_right(text)); }

std::vector<std::string_view> split(std::string_view text, char separator)
{
    std::vector<std::string_view> parts;
    while (auto part = take_until(text, separator)) parts.push_back(*part);
    parts.push_back(text);
    return parts;
}

std::string join(const std::vector<std::string>& parts, std::string_view separator)
{
    std::string whole;
    for (const auto& part : parts) {
        if (&part != &parts.front()) whole += separator;
        whole += part;
    }
    return whole;
}

std::string lower(std::string_view text)
{
    std::string result(text);
    for (char& c : result) c = lower(c);
    return result;
}

bool equal_ignoring_case(std::string_view a, std::string_view b)
{
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return lower(x) == lower(y); });
}

bool starts_with_ignoring_case(std::string_view text, std::string_view prefix)
{
    return text.size() >= prefix.size() &&
           equal_ignoring_case(text.substr(0, prefix.size()), prefix);
}

std::optional<std::uint64_t> leading_number(std::string_view text)
{
    const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
    return parse_number(text.substr(0, static_cast<std::size_t>(end - text.begin())));
}

std::optional<std::string_view> take_until(std::string_view& text, char separator)
{
    const auto at = text.find(separator);
    if (at == std::string_view::npos) return std::nullopt;
    const auto part = text.substr(0, at);
    text.remove_prefix(at + 1);
    return part;
}

bool is_uuid(std::string_view text)
{
    constexpr std::string_view form = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    return std::equal(text.begin(), text.end(), form.begin(), form.end(), [](char c, char f) {
        return f == '-' ? c == '-' : is_digit(c) || (c >= 'a' && c <= 'f');
    });
}

}
