#include "base/mail/date.hpp"

#include "base/text.hpp"

#include <array>
#include <chrono>
#include <cstdio>

namespace grapnel {

namespace {

constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array weekdays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

std::tm broken_down(std::time_t when)
{
    // Not gmtime: it reads the system's zone files.
    using namespace std::chrono;
    const sys_seconds time(seconds{when});
    const auto midnight = floor<std::chrono::days>(time);
    const year_month_day date(midnight);
    const hh_mm_ss clock(time - midnight);
    std::tm fields{};
    fields.tm_year = static_cast<int>(date.year()) - 1900;
    fields.tm_mon = static_cast<int>(static_cast<unsigned>(date.month())) - 1;
    fields.tm_mday = static_cast<int>(static_cast<unsigned>(date.day()));
    fields.tm_hour = static_cast<int>(clock.hours().count());
    fields.tm_min = static_cast<int>(clock.minutes().count());
    fields.tm_sec = static_cast<int>(clock.seconds().count());
    fields.tm_wday = static_cast<int>(weekday(midnight).c_encoding());
    return fields;
}

template <class... Values>
std::string format(const char* pattern, Values... values)
{
    std::array<char, 80> text{};
    std::snprintf(text.data(), text.size(), pattern, values...);
    return text.data();
}

std::string day_and_time(const std::tm& t)
{
    return format("%d %s %d %02d:%02d:%02d", t.tm_mday, months[static_cast<std::size_t>(t.tm_mon)],
                  t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
}

std::string zone(int minutes)
{
    const int absolute = minutes < 0 ? -minutes : minutes;
    return format(" %c%02d%02d", minutes < 0 ? '-' : '+', absolute / 60, absolute % 60);
}

}

std::string date_822(std::time_t when) { return day_and_time(broken_down(when)) + " -0000"; }

std::string date_822(std::time_t when, int offset_minutes)
{
    return day_and_time(broken_down(when + offset_minutes * 60)) + zone(offset_minutes);
}

std::string date_5322(std::time_t when, int offset_minutes)
{
    const auto t = broken_down(when + offset_minutes * 60);
    return std::string(weekdays[static_cast<std::size_t>(t.tm_wday)]) + ", " + day_and_time(t) +
           zone(offset_minutes);
}

std::string date_mbox(std::time_t when)
{
    const auto t = broken_down(when);
    return format("%s %s %02d %02d:%02d:%02d %d", weekdays[static_cast<std::size_t>(t.tm_wday)],
                  months[static_cast<std::size_t>(t.tm_mon)], t.tm_mday, t.tm_hour, t.tm_min,
                  t.tm_sec, t.tm_year + 1900);
}

std::string date_3339(std::time_t when)
{
    const auto t = broken_down(when);
    return format("%04d-%02d-%02dT%02d:%02d:%02dZ", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday,
                  t.tm_hour, t.tm_min, t.tm_sec);
}

namespace {

// "0" stands for any digit.
bool has_form(std::string_view text, std::string_view form)
{
    if (text.size() < form.size()) return false;
    for (std::size_t i = 0; i < form.size(); ++i)
        if (form[i] == '0' ? !is_digit(text[i]) : lower(text[i]) != lower(form[i])) return false;
    return true;
}

int number_at(std::string_view text, std::size_t at, std::size_t size)
{
    return static_cast<int>(parse_number<unsigned>(text.substr(at, size)).value_or(0));
}

// "Z", "+01:30", in seconds.
std::optional<int> parse_offset(std::string_view text)
{
    if (text == "Z" || text == "z") return 0;
    if (text.size() != 6 || (text[0] != '+' && text[0] != '-') ||
        !has_form(text.substr(1), "00:00"))
        return std::nullopt;
    const int hours = number_at(text, 1, 2), minutes = number_at(text, 4, 2);
    if (hours > 23 || minutes > 59) return std::nullopt;
    return (hours * 3600 + minutes * 60) * (text[0] == '-' ? -1 : 1);
}

}

std::optional<std::time_t> parse_date_3339(std::string_view text)
{
    namespace chrono = std::chrono;
    constexpr std::string_view form = "0000-00-00T00:00:00";
    if (!has_form(text, form)) return std::nullopt;
    const chrono::year_month_day date{chrono::year(number_at(text, 0, 4)),
                                      chrono::month(static_cast<unsigned>(number_at(text, 5, 2))),
                                      chrono::day(static_cast<unsigned>(number_at(text, 8, 2)))};
    const int hours = number_at(text, 11, 2), minutes = number_at(text, 14, 2),
              seconds = number_at(text, 17, 2);
    auto rest = text.substr(form.size());
    if (rest.size() > 1 && rest[0] == '.' && is_digit(rest[1]))
        for (rest.remove_prefix(1); !rest.empty() && is_digit(rest[0]);) rest.remove_prefix(1);
    const auto offset = parse_offset(rest);
    if (!date.ok() || hours > 23 || minutes > 59 || seconds > 60 || !offset) return std::nullopt;
    const std::time_t day = chrono::sys_days(date).time_since_epoch().count();
    const auto when = day * 86400 + hours * 3600 + minutes * 60 + seconds - *offset;
    return when < 0 ? std::nullopt : std::optional(when);
}

}
