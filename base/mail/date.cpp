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

}
