#include "hooks/message/date_form.hpp"

#include "base/mail/date.hpp"
#include "base/text.hpp"
#include "hooks/message/lexemes.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

namespace grapnel::hooks {

namespace {

constexpr std::array months{"jan", "feb", "mar", "apr", "may", "jun",
                            "jul", "aug", "sep", "oct", "nov", "dec"};

struct Zone {
    std::string_view name;
    int hours;
};
// RFC 5322 4.3; all others mean nothing.
constexpr std::array zones{Zone{"est", -5}, Zone{"edt", -4}, Zone{"cst", -6}, Zone{"cdt", -5},
                           Zone{"mst", -7}, Zone{"mdt", -6}, Zone{"pst", -8}, Zone{"pdt", -7}};

struct Clock {
    unsigned hour = 0, minute = 0, second = 0;
};

std::optional<DateTime> make_date(int year, unsigned month, unsigned day, Clock clock, int offset)
{
    using namespace std::chrono;
    const year_month_day date{std::chrono::year{year}, std::chrono::month{month},
                              std::chrono::day{day}};
    const int most = 24 * 60;
    if (!date.ok() || clock.hour > 23 || clock.minute > 59 || clock.second > 60)
        return std::nullopt;
    if (offset <= -most || offset >= most) return std::nullopt;
    const auto local = sys_seconds(sys_days(date)) + hours(clock.hour) + minutes(clock.minute) +
                       seconds(std::min(clock.second, 59U));   // a leap second is none here
    return DateTime{(local - minutes(offset)).time_since_epoch().count(), offset};
}

// Digits from the front, at most this many.
std::optional<unsigned> take_number(std::string_view& text, std::size_t most)
{
    std::size_t digits = 0;
    while (digits < text.size() && digits < most && is_digit(text[digits])) ++digits;
    const auto number = parse_number<unsigned>(text.substr(0, digits));
    text.remove_prefix(digits);
    return number;
}

bool take(std::string_view& text, char c)
{
    if (!text.starts_with(c)) return false;
    text.remove_prefix(1);
    return true;
}

std::string_view take_letters(std::string_view& text)
{
    std::size_t letters = 0;
    while (letters < text.size() && is_letter(text[letters])) ++letters;
    const auto word = text.substr(0, letters);
    text.remove_prefix(letters);
    return word;
}

std::optional<unsigned> take_month(std::string_view& text)
{
    const auto word = lower(take_letters(text).substr(0, 9)).substr(0, 3);
    const auto found = std::find(months.begin(), months.end(), word);
    if (found == months.end()) return std::nullopt;
    return static_cast<unsigned>(found - months.begin()) + 1;
}

std::optional<int> take_year(std::string_view& text)
{
    const auto before = text.size();
    const auto year = take_number(text, 6);
    if (!year) return std::nullopt;
    const auto digits = before - text.size();
    const int number = static_cast<int>(*year);
    if (digits == 2) return number < 50 ? 2000 + number : 1900 + number;   // RFC 5322 4.3
    return digits == 3 ? 1900 + number : number;
}

// Blanks and comments may stand between them.
std::optional<Clock> take_clock(std::string_view& text)
{
    Clock clock;
    const auto hour = take_number(text, 2);
    skip_blanks_and_comments(text);
    if (!hour || !take(text, ':')) return std::nullopt;
    skip_blanks_and_comments(text);
    const auto minute = take_number(text, 2);
    if (!minute) return std::nullopt;
    clock.hour = *hour;
    clock.minute = *minute;
    skip_blanks_and_comments(text);
    if (!take(text, ':')) return clock;
    skip_blanks_and_comments(text);
    const auto second = take_number(text, 2);
    if (!second) return std::nullopt;
    clock.second = *second;
    return clock;
}

std::optional<int> take_offset(std::string_view& text)
{
    const bool west = text.starts_with('-');
    if (take(text, '-') || take(text, '+')) {
        const auto hours = take_number(text, 2);
        take(text, ':');
        const auto minutes = take_number(text, 2);
        if (!hours || !minutes || *minutes > 59) return std::nullopt;
        const int offset = static_cast<int>(*hours * 60 + *minutes);
        return west ? -offset : offset;
    }
    const auto name = lower(take_letters(text).substr(0, 4));
    const auto found = std::find_if(zones.begin(), zones.end(),
                                    [&](const Zone& zone) { return zone.name == name; });
    return found == zones.end() ? 0 : found->hours * 60;
}

}

std::optional<DateTime> parse_mail_date(std::string_view text)
{
    skip_blanks_and_comments(text);
    if (!text.empty() && is_letter(text.front())) {   // the weekday
        take_letters(text);
        skip_blanks_and_comments(text);
        take(text, ',');
        skip_blanks_and_comments(text);
    }
    const auto day = take_number(text, 2);
    skip_blanks_and_comments(text);
    const auto month = take_month(text);
    skip_blanks_and_comments(text);
    const auto year = take_year(text);
    skip_blanks_and_comments(text);
    const auto clock = take_clock(text);
    skip_blanks_and_comments(text);
    if (!day || !month || !year || !clock) return std::nullopt;
    const auto offset = take_offset(text);
    if (!offset || *year < 1900 || *year > 9999) return std::nullopt;
    return make_date(*year, *month, *day, *clock, *offset);
}

std::string mail_date(const DateTime& date) { return date_5322(date.seconds, date.offset); }

std::optional<DateTime> parse_json_date(std::string_view text)
{
    const auto number = [&](std::size_t digits) -> std::optional<unsigned> {
        const auto before = text.size();
        const auto found = take_number(text, digits);
        if (before - text.size() != digits) return std::nullopt;
        return found;
    };
    const auto year = number(4);
    if (!take(text, '-')) return std::nullopt;
    const auto month = number(2);
    if (!take(text, '-')) return std::nullopt;
    const auto day = number(2);
    if (!take(text, 'T')) return std::nullopt;
    const auto hour = number(2);
    if (!take(text, ':')) return std::nullopt;
    const auto minute = number(2);
    if (!take(text, ':')) return std::nullopt;
    const auto second = number(2);
    if (!year || !month || !day || !hour || !minute || !second || *year < 1970) return std::nullopt;
    if (take(text, '.') && !take_number(text, 9)) return std::nullopt;
    int offset = 0;
    if (!take(text, 'Z')) {
        const bool west = text.starts_with('-');
        if (!take(text, '-') && !take(text, '+')) return std::nullopt;
        const auto hours = number(2);
        if (!take(text, ':')) return std::nullopt;
        const auto minutes = number(2);
        if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
        offset = static_cast<int>(*hours * 60 + *minutes) * (west ? -1 : 1);
    }
    if (!text.empty()) return std::nullopt;
    return make_date(static_cast<int>(*year), *month, *day, {*hour, *minute, *second}, offset);
}

std::string json_date(const DateTime& date)
{
    using namespace std::chrono;
    const sys_seconds local(seconds(date.seconds + std::int64_t{60} * date.offset));
    const auto midnight = floor<days>(local);
    const year_month_day day(midnight);
    const hh_mm_ss clock(local - midnight);
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d",
                  static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                  static_cast<unsigned>(day.day()), static_cast<int>(clock.hours().count()),
                  static_cast<int>(clock.minutes().count()),
                  static_cast<int>(clock.seconds().count()));
    std::string written = text.data();
    if (date.offset == 0) return written + 'Z';
    const int absolute = std::abs(date.offset);
    std::snprintf(text.data(), text.size(), "%c%02d:%02d", date.offset < 0 ? '-' : '+',
                  absolute / 60, absolute % 60);
    return written + text.data();
}

}
