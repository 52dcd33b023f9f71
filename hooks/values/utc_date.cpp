#include "hooks/values/utc_date.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <chrono>

namespace grapnel::hooks {

namespace chrono = std::chrono;

namespace {

constexpr std::int64_t last = 253'402'300'799'999;   // 9999-12-31T23:59:59.999Z
constexpr std::int64_t day_length = 86'400'000;
constexpr std::string_view form = "0000-00-00T00:00:00";

std::string digits(std::int64_t number, std::size_t width)
{
    auto text = std::to_string(number);
    return std::string(width - std::min(width, text.size()), '0') + text;
}

bool has_form(std::string_view text)
{
    if (text.size() <= form.size() || text.back() != 'Z') return false;
    for (std::size_t n = 0; n < form.size(); ++n)
        if (form[n] == '0' ? !is_digit(text[n]) : text[n] != form[n]) return false;
    return true;
}

// ".5Z" is 500; "Z" is 0.
std::optional<std::int64_t> fraction(std::string_view text)
{
    text.remove_suffix(1);
    if (text.empty()) return 0;
    if (text.size() < 2 || text[0] != '.') return std::nullopt;
    text.remove_prefix(1);
    if (!std::all_of(text.begin(), text.end(), is_digit)) return std::nullopt;
    std::int64_t thousandths = 0;
    for (std::size_t n = 0; n < 3; ++n)
        thousandths = thousandths * 10 + (n < text.size() ? text[n] - '0' : 0);
    return thousandths;
}

}

std::string utc_date(std::int64_t milliseconds)
{
    milliseconds = std::clamp<std::int64_t>(milliseconds, 0, last);
    const chrono::year_month_day date{
        chrono::sys_days(chrono::days(static_cast<int>(milliseconds / day_length)))};
    const auto time = milliseconds % day_length;
    return digits(int(date.year()), 4) + '-' + digits(unsigned(date.month()), 2) + '-' +
           digits(unsigned(date.day()), 2) + 'T' + digits(time / 3'600'000, 2) + ':' +
           digits(time / 60'000 % 60, 2) + ':' + digits(time / 1000 % 60, 2) + '.' +
           digits(time % 1000, 3) + 'Z';
}

std::optional<std::int64_t> parse_utc_date(std::string_view text)
{
    if (!has_form(text)) return std::nullopt;
    const auto number = [&](std::size_t at, std::size_t size) {
        return parse_number<unsigned>(text.substr(at, size)).value();
    };
    const chrono::year_month_day date{chrono::year(static_cast<int>(number(0, 4))),
                                      chrono::month(number(5, 2)), chrono::day(number(8, 2))};
    const auto hours = number(11, 2), minutes = number(14, 2), seconds = number(17, 2);
    const auto thousandths = fraction(text.substr(form.size()));
    if (!date.ok() || hours > 23 || minutes > 59 || seconds > 59 || !thousandths)
        return std::nullopt;
    const std::int64_t day = chrono::sys_days(date).time_since_epoch().count();
    if (day < 0) return std::nullopt;
    return day * day_length + std::int64_t{hours} * 3'600'000 + std::int64_t{minutes} * 60'000 +
           std::int64_t{seconds} * 1000 + *thousandths;
}

}
