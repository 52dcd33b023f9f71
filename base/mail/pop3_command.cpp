#include "base/mail/pop3_command.hpp"

#include "base/text.hpp"

#include <limits>

namespace grapnel {

std::optional<Pop3Command> parse_pop3_command(std::string_view line)
{
    if (line.find('\0') != std::string_view::npos) return std::nullopt;
    const auto blank = line.find(' ');
    Pop3Command command{lower(line.substr(0, blank)), {}};
    const auto begin = line.find_first_not_of(' ', std::min(blank, line.size()));
    if (begin != std::string_view::npos) command.argument = line.substr(begin);
    return command;
}

std::optional<std::uint64_t> take_number(std::string_view& text)
{
    constexpr auto greatest = std::numeric_limits<std::uint64_t>::max();
    std::size_t digits = 0;
    std::uint64_t number = 0;
    for (; digits < text.size() && is_digit(text[digits]); ++digits) {
        const auto digit = static_cast<std::uint64_t>(text[digits] - '0');
        number = number > (greatest - digit) / 10 ? greatest : number * 10 + digit;
    }
    if (digits == 0) return std::nullopt;
    text.remove_prefix(digits);
    while (text.starts_with(' ')) text.remove_prefix(1);
    return number;
}

}
