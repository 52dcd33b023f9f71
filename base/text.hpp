// Small things done to text everywhere: trimming, splitting, ASCII case, numbers. Pure.
#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel {

// Spaces, tabs and newlines are trimmed (not CR), as qmail does in its control files.
std::string_view trim_right(std::string_view text);
std::string_view trim_left(std::string_view text);
std::string_view trim(std::string_view text);

// "a,b," gives "a", "b", "". Views into text.
std::vector<std::string_view> split(std::string_view text, char separator);

std::string join(const std::vector<std::string>& parts, std::string_view separator);

// ASCII only: mail's case rules know no locale.
constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
std::string lower(std::string_view text);
bool equal_ignoring_case(std::string_view a, std::string_view b);
bool starts_with_ignoring_case(std::string_view text, std::string_view prefix);

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// A whole text of decimal digits that fits; no sign, no blank, no overflow.
template <std::unsigned_integral T = std::uint64_t>
std::optional<T> parse_number(std::string_view text)
{
    T number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || !is_digit(text.front()) || error != std::errc() ||
        end != text.data() + text.size())
        return std::nullopt;
    return number;
}

// The leading decimal digits, as qmail reads its integer files; nullopt without any or on overflow.
std::optional<std::uint64_t> leading_number(std::string_view text);

// Removes and returns what precedes the first separator; nullopt (text untouched) where there is
// none.
std::optional<std::string_view> take_until(std::string_view& text, char separator);

// "019ac3f2-6f00-7b1e-8c3d-0a1b2c3d4e5f": lower case only (RFC 9562).
bool is_uuid(std::string_view text);

// For unordered containers keyed by std::string that are asked with string_view.
struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const
    {
        return std::hash<std::string_view>{}(text);
    }
};

}
