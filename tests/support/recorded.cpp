#include "support/recorded.hpp"

#include "base/text.hpp"
#include "support/temp_home.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <stdexcept>

namespace grapnel::test {

namespace {

std::string unescape(std::string_view text)
{
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\') {
            result += text[i];
            continue;
        }
        const char c = ++i < text.size() ? text[i] : '?';
        switch (c) {
        case 'n':
            result += '\n';
            break;
        case 'r':
            result += '\r';
            break;
        case 't':
            result += '\t';
            break;
        case '0':
            result += '\0';
            break;
        case '\\':
            result += '\\';
            break;
        case 'x':
            result += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
            i += 2;
            break;
        default:
            throw std::runtime_error("unknown escape in " + std::string(text));
        }
    }
    return result;
}

bool is_about_now(const std::tm& time)
{
    std::tm copy = time;
    return std::abs(static_cast<double>(::timegm(&copy) - std::time(nullptr))) < 600;
}

// The end of what matches format at begin and means about now; nullptr: it does not.
const char* match_time(const char* begin, const char* format)
{
    std::tm time{};
    const char* end = ::strptime(begin, format, &time);
    return end && is_about_now(time) ? end : nullptr;
}

const char* match_message_id(const char* begin)
{
    const std::string stamp(begin, ::strnlen(begin, 14));
    if (stamp.size() < 14 || !match_time(stamp.c_str(), "%Y%m%d%H%M%S") || begin[14] != '.')
        return nullptr;
    const char* end = begin + 15;
    while (is_digit(*end)) ++end;
    return std::string_view(end).starts_with(".qmail@") ? end + 6 : nullptr;
}

const char* match_seconds(const char* begin)
{
    char* end = nullptr;
    const auto seconds = std::strtoll(begin, &end, 10);
    return end - begin == 10 && std::llabs(seconds - std::time(nullptr)) < 600 ? end : nullptr;
}

struct Placeholder {
    const char* text;
    const char* (*match)(const char* begin);
};
constexpr Placeholder placeholders[] = {
    {"@DATE@", [](const char* begin) { return match_time(begin, "%d %b %Y %H:%M:%S -0000"); }},
    {"@CTIME@", [](const char* begin) { return match_time(begin, "%a %b %e %H:%M:%S %Y"); }},
    {"@MSGID@", match_message_id},
    {"@TIME@", match_seconds},
};

}

Recorded::Recorded(std::vector<std::pair<std::string, std::string>> entries)
    : entries_(std::move(entries))
{
}

std::string Recorded::value(std::string_view key, std::string_view fallback) const
{
    for (const auto& [name, content] : entries_)
        if (name == key) return content;
    return std::string(fallback);
}

bool Recorded::has(std::string_view key) const { return !all(key).empty(); }

int Recorded::number(std::string_view key, int fallback) const
{
    return has(key) ? std::stoi(value(key)) : fallback;
}

std::vector<std::string> Recorded::all(std::string_view key) const
{
    std::vector<std::string> values;
    for (const auto& [name, content] : entries_)
        if (name == key) values.push_back(content);
    return values;
}

std::vector<std::pair<std::string, std::string>> Recorded::pairs(std::string_view key) const
{
    std::vector<std::pair<std::string, std::string>> result;
    for (const auto& content : all(key)) {
        const auto equals = std::min(content.find('='), content.size());
        result.emplace_back(content.substr(0, equals),
                            content.substr(std::min(equals + 1, content.size())));
    }
    return result;
}

std::vector<Recorded> read_recorded(const std::string& file)
{
    const std::string text = slurp(std::string(GRAPNEL_COMPAT) + '/' + file);
    if (text.empty()) throw std::runtime_error(file + " is not there");
    std::vector<Recorded> blocks;
    std::vector<std::pair<std::string, std::string>> entries;
    bool begun = false;
    for (const auto line : split(text, '\n')) {
        if (line == "---") {
            if (!entries.empty()) blocks.emplace_back(std::exchange(entries, {}));
            begun = true;
        } else if (!begun || line.empty() || line.front() == '#') {
            continue;
        } else if (line.starts_with("  ")) {
            if (entries.empty()) throw std::runtime_error(file + ": continuation of nothing");
            entries.back().second += unescape(line.substr(2));
        } else {
            const auto colon = line.find(':');
            if (colon == std::string_view::npos)
                throw std::runtime_error(file + ": no key: " + std::string(line));
            entries.emplace_back(line.substr(0, colon),
                                 unescape(line.substr(std::min(colon + 2, line.size()))));
        }
    }
    if (!entries.empty()) blocks.emplace_back(std::move(entries));
    return blocks;
}

std::string replace_all(std::string text, std::string_view from, std::string_view to)
{
    for (auto found = text.find(from); found != std::string::npos;
         found = text.find(from, found + to.size()))
        text.replace(found, from.size(), to);
    return text;
}

std::string with_placeholders(std::string text,
                              std::vector<std::pair<std::string, std::string>> replacements)
{
    std::string result;
    const char* const end = text.c_str() + text.size();
    for (const char* at = text.c_str(); at < end;) {
        const bool number_begins = is_digit(*at) && (result.empty() || !is_digit(result.back()));
        const char* behind = nullptr;
        if (number_begins || (*at >= 'F' && *at <= 'W'))
            for (const auto& [name, match] : placeholders)
                if (!behind && (behind = match(at))) result += name;
        if (!behind) result += *at;
        at = behind ? behind : at + 1;
    }
    std::sort(replacements.begin(), replacements.end(),
              [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
    for (const auto& [from, to] : replacements) result = replace_all(std::move(result), from, to);
    return result;
}

}
