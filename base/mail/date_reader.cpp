#include "base/mail/date.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <vector>

namespace grapnel {

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

namespace grapnel {

namespace {

// Words, without comments. nullopt: a comment does not end.
std::optional<std::vector<std::string>> words_of(std::string_view text)
{
    std::vector<std::string> words(1);
    std::size_t depth = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (depth > 0 && c == '\\') {
            ++i;
        } else if (c == '(') {
            ++depth;
        } else if (c == ')' && depth > 0) {
            --depth;
        } else if (depth == 0 && c != ' ' && c != '\t' && c != '\r' && c != '\n') {
            words.back() += lower({&c, 1});
            continue;
        }
        if (!words.back().empty()) words.emplace_back();
    }
    if (words.back().empty()) words.pop_back();
    return depth == 0 ? std::optional(std::move(words)) : std::nullopt;
}

template <std::size_t Size>
std::optional<unsigned> place_of(const std::array<std::string_view, Size>& names,
                                 std::string_view name)
{
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) return std::nullopt;
    return static_cast<unsigned>(found - names.begin());
}

constexpr std::array<std::string_view, 7> weekday_names{"sun", "mon", "tue", "wed",
                                                        "thu", "fri", "sat"};
constexpr std::array<std::string_view, 12> month_names{"jan", "feb", "mar", "apr", "may", "jun",
                                                       "jul", "aug", "sep", "oct", "nov", "dec"};

// "+0130", "gmt", in seconds. What other names mean nobody knows for sure: as -0000.
std::optional<int> zone_offset(std::string_view zone)
{
    if (zone.size() == 5 && (zone[0] == '+' || zone[0] == '-') &&
        has_form(zone.substr(1), "0000")) {
        const int hours = number_at(zone, 1, 2), minutes = number_at(zone, 3, 2);
        if (hours > 23 || minutes > 59) return std::nullopt;
        return (hours * 3600 + minutes * 60) * (zone[0] == '-' ? -1 : 1);
    }
    if (zone.empty() || !std::all_of(zone.begin(), zone.end(), is_letter)) return std::nullopt;
    constexpr std::array<std::string_view, 8> american{"edt", "est", "cdt", "cst",
                                                       "mdt", "mst", "pdt", "pst"};
    const auto place = place_of(american, zone);
    return place ? -3600 * (4 + static_cast<int>(*place + 1) / 2) : 0;
}

// "2014"; of two or three digits RFC 5322 4.3 says which they mean.
std::optional<unsigned> year_in(std::string_view text)
{
    const auto number = parse_number<unsigned>(text);
    if (!number || text.size() < 2 || *number > 9999) return std::nullopt;
    if (text.size() == 2) return *number + (*number < 50 ? 2000 : 1900);
    return text.size() == 3 ? *number + 1900 : *number;
}

std::string two_digits(unsigned number)
{
    return (number < 10 ? "0" : "") + std::to_string(number);
}

}

std::optional<std::time_t> parse_date_5322(std::string_view text)
{
    const auto comma = text.find(',');
    if (comma != std::string_view::npos) {
        const auto name = words_of(text.substr(0, comma));
        if (!name || name->size() != 1 || !place_of(weekday_names, name->front()))
            return std::nullopt;
        text.remove_prefix(comma + 1);
    }
    const auto words = words_of(text);
    if (!words || words->size() != 5) return std::nullopt;
    const auto day = parse_number<unsigned>((*words)[0]);
    const auto month = place_of(month_names, (*words)[1]);
    const auto year = year_in((*words)[2]);
    const std::string time = (*words)[3] + ((*words)[3].size() == 5 ? ":00" : "");
    const auto offset = zone_offset((*words)[4]);
    if (!day || *day > 31 || !month || !year || !has_form(time, "00:00:00") || time.size() != 8 ||
        !offset)
        return std::nullopt;
    const auto when = parse_date_3339(std::to_string(*year) + '-' + two_digits(*month + 1) + '-' +
                                      two_digits(*day) + 'T' + time + 'Z');
    if (!when || *when < *offset) return std::nullopt;
    return *when - *offset;
}

}
