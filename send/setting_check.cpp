#include "send/setting_check.hpp"

#include "base/mail/name_table.hpp"
#include "base/sys/log.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstdint>
#include <set>

namespace grapnel::send {

namespace {

constexpr std::size_t longest_shown = 1000;

std::string shown(std::string_view text) { return printable(text, longest_shown); }

std::string_view first_line(std::string_view text)
{
    return trim_right(text.substr(0, text.find('\n')));
}

std::vector<std::string_view> entries(std::string_view text)
{
    std::vector<std::string_view> result;
    for (const auto line : split(text, '\n'))
        if (const auto entry = trim_right(line); !entry.empty() && entry.front() != '#')
            result.push_back(entry);
    return result;
}

bool is_address(std::string_view text)
{
    in6_addr place{};
    const std::string words(text);
    return inet_pton(AF_INET, words.c_str(), &place) == 1 ||
           inet_pton(AF_INET6, words.c_str(), &place) == 1;
}

// "relay", "relay:port", "[2001:db8::1]:port", or nothing: as qmail-remote reads it.
bool is_route(std::string_view text)
{
    if (text.empty()) return true;
    const auto end = text.starts_with('[') ? text.find(']') : text.find(':');
    if (text.starts_with('[')) {
        if (end == std::string_view::npos || !is_address(text.substr(1, end - 1))) return false;
        text.remove_prefix(end + 1);
    } else {
        if (end == 0) return false;
        text.remove_prefix(std::min(end, text.size()));
    }
    if (text.size() <= 1) return text.empty() || text.front() == ':';
    return text.front() == ':' && parse_number<std::uint16_t>(text.substr(1)).value_or(0) != 0;
}

// Files whose entries are one of a few words.
struct Choice {
    std::string_view name;
    std::array<std::string_view, 3> words;
};
constexpr std::array choices{Choice{"barecr", {"space", "fail", ""}},
                             Choice{"earlytalk", {"refuse", "ignore", "delay"}}};

void check_value(const Setting& setting, std::string_view entry, std::vector<std::string>& found)
{
    const std::string quoted = '"' + shown(entry) + '"';
    const auto& name = setting.name;
    if ((name == "moreipme" || name == "notipme" || name == "outgoingip") &&
        !is_address(trim(entry)))
        found.push_back(quoted + " is no IP address and is ignored.");
    const auto colon = entry.find(':');
    if (name == "smtproutes" && colon != std::string_view::npos &&
        !is_route(entry.substr(colon + 1)))
        found.push_back(quoted + " has a bad relay or port: mail to there is deferred.");
    for (const auto& choice : choices)
        if (name == choice.name && std::ranges::find(choice.words, entry) == choice.words.end())
            found.push_back(quoted + " is no such word; the default " +
                            std::string(setting.fallback) + " counts.");
}

void check_entry(const Setting& setting, std::string_view entry, std::vector<std::string>& found)
{
    const std::string quoted = '"' + shown(entry) + '"';
    if (entry.back() == '\r') found.push_back(quoted + " ends in a carriage return, which counts.");
    if (entry.front() == ' ' || entry.front() == '\t')
        found.push_back(quoted + " begins with a blank, which counts.");
    const bool needs_colon = setting.name == "virtualdomains" || setting.name == "smtproutes";
    if (needs_colon && entry.find(':') == std::string_view::npos)
        found.push_back(quoted + " has no colon and is ignored.");
    check_value(setting, entry, found);
}

void check_list(const Setting& setting, std::string_view text, std::vector<std::string>& found)
{
    std::set<std::string> keys;
    for (const auto entry : entries(text)) {
        check_entry(setting, entry, found);
        const auto key = lower(entry.substr(0, entry.find(':')));
        if (setting.name == "virtualdomains" && !keys.insert(key).second)
            found.push_back('"' + shown(key) + "\" is there more than once; the last one counts.");
    }
}

void check_line(const Setting& setting, std::string_view text, std::vector<std::string>& found)
{
    const auto line = first_line(text);
    if (entries(text).size() > 1) found.push_back("Only the first line counts.");
    if (line.empty()) return;
    if (line.front() == '#') found.push_back("There are no comments in this file.");
    if (setting.kind == SettingKind::line) check_entry(setting, line, found);
}

void check_number(std::string_view text, const Setting& setting, std::vector<std::string>& found)
{
    const auto line = first_line(text);
    if (!leading_number(line))
        found.push_back("This is no number; the default " + std::string(setting.fallback) +
                        " counts.");
    else if (!parse_number(line))
        found.push_back("Only the digits in front count.");
}

}

std::vector<std::string> complaints(const Setting& setting, std::string_view text)
{
    std::vector<std::string> found;
    switch (setting.kind) {
    case SettingKind::list:
        check_list(setting, text, found);
        break;
    case SettingKind::line:
        check_line(setting, text, found);
        break;
    case SettingKind::integer:
        check_line(setting, text, found);
        check_number(text, setting, found);
        break;
    case SettingKind::cdb:
        break;
    }
    if (text.find('\0') != std::string_view::npos) found.push_back("There is a zero byte in it.");
    return found;
}

namespace {

std::string sentence(const Setting& setting, std::string_view value)
{
    return (value.empty() ? "(empty)" : shown(value)) + ". " + std::string(setting.meaning) + ".\n";
}

}

std::string describe_default(const Setting& setting, std::string_view me)
{
    const bool is_me = setting.fallback == "me" && !me.empty();
    return "(Default.) " + sentence(setting, is_me ? me : setting.fallback);
}

std::string describe(const Setting& setting, std::string_view text)
{
    if (setting.kind == SettingKind::cdb) return std::string(setting.meaning) + ".\n";
    if (setting.kind == SettingKind::list) {
        std::string result = std::string(setting.meaning) + ".\n";
        for (const auto entry : entries(text)) result += shown(entry) + '\n';
        return result;
    }
    const auto line = first_line(text);
    if (setting.kind == SettingKind::line) return sentence(setting, line);
    const auto number = leading_number(line);
    return sentence(setting, number ? std::to_string(*number) : std::string(setting.fallback));
}

std::vector<std::string> conflicts(const std::vector<std::string>& locals,
                                   const std::vector<std::string>* rcpthosts,
                                   const std::vector<std::string>& virtual_domains)
{
    std::vector<std::string> found;
    const NameMap virtual_names(virtual_domains);
    const NameSet accepted(rcpthosts ? *rcpthosts : std::vector<std::string>{});
    for (const auto& name : locals) {
        const auto names = domain_and_suffixes(name);
        const bool is_accepted = std::any_of(names.begin(), names.end(),
                                             [&](auto part) { return accepted.contains(part); });
        if (rcpthosts && !is_accepted)
            found.push_back("\"" + shown(name) +
                            "\" is in locals but not in rcpthosts: strangers cannot write to it.");
        if (virtual_names.find(name))
            found.push_back("\"" + shown(name) +
                            "\" is in locals and in virtualdomains: locals counts.");
    }
    return found;
}

}
