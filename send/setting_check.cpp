#include "send/setting_check.hpp"

#include "base/mail/name_table.hpp"
#include "base/mail/owners.hpp"
#include "base/mail/pattern_list.hpp"
#include "base/pattern.hpp"
#include "base/sys/log.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cstdint>
#include <set>

namespace grapnel::send {

namespace {

constexpr std::size_t longest_shown = 1000, most_findings = 100;

std::string shown(std::string_view text) { return printable(text, longest_shown); }
std::string quoted(std::string_view text) { return '"' + shown(text) + '"'; }

std::string_view first_line(std::string_view text)
{
    return trim_right(text.substr(0, text.find('\n')));
}

struct Entry {
    std::size_t line;
    std::string_view text;
};

std::vector<Entry> entries(std::string_view text)
{
    std::vector<Entry> result;
    std::size_t number = 0;
    for (const auto line : split(text, '\n')) {
        ++number;
        if (const auto entry = trim_right(line); !entry.empty() && entry.front() != '#')
            result.push_back({number, entry});
    }
    return result;
}

bool is_address(std::string_view text)
{
    in6_addr place{};
    const std::string words(text);
    return inet_pton(AF_INET, words.c_str(), &place) == 1 ||
           inet_pton(AF_INET6, words.c_str(), &place) == 1;
}

// An address, "10.", "192.0.2.0-15", "2001:db8::/32", "=host".
bool is_client(std::string_view text)
{
    if (text.starts_with('=') || is_address(text)) return true;
    if (const auto slash = text.find('/'); slash != std::string_view::npos) {
        const auto bits = parse_number<unsigned>(text.substr(slash + 1));
        return is_address(text.substr(0, slash)) && bits && *bits <= 128;
    }
    const bool numbers = text.find_first_not_of("0123456789.-") == std::string_view::npos;
    return numbers && (text.ends_with('.') || text.find('-') != std::string_view::npos);
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

std::string route_fault(std::string_view value)
{
    const auto bar = value.find('|');
    const bool with_login = bar != std::string_view::npos;
    if (with_login && bar == 0) return " names no relay to log in to: mail is deferred.";
    if (!is_route(value.substr(0, bar)))
        return " has a bad relay or port: mail to there is deferred.";
    const auto user = with_login ? value.substr(bar + 1) : std::string_view();
    if (with_login && (user.find('|') == std::string_view::npos || user.front() == '|'))
        return " has no |user|password behind the relay: mail to there is deferred.";
    return {};
}

bool is_one_of(std::string_view words, std::string_view word)
{
    const auto all = split(words, ' ');
    return std::find(all.begin(), all.end(), word) != all.end();
}

bool is_domain(std::string_view text)
{
    return std::all_of(text.begin(), text.end(), [](char c) {
        return is_letter(c) || is_digit(c) || c == '.' || c == '-' || c == '_' || (c & 0x80) != 0;
    });
}

bool is_node(std::string_view text)
{
    if (text == "*" || text.starts_with('[')) return true;
    if (text.starts_with('@')) text.remove_prefix(1);
    return !text.empty() && is_domain(text);
}

std::string host_fault(std::string_view entry)
{
    const auto name = entry.substr(0, entry.find_first_of(" \t"));
    if (name.starts_with('[')) return {};
    if (!is_domain(name)) return " is no host name.";
    const bool qualified =
        name.find('.') != std::string_view::npos || equal_ignoring_case(name, "localhost");
    return qualified ? "" : " is not fully qualified.";
}

std::string pattern_fault(std::string_view entry)
{
    std::vector<std::string> problems;
    PatternList().add({std::string(entry)}, "pattern", problems);
    if (problems.empty()) return {};
    return " is ignored: " + problems.front().substr(problems.front().rfind(": ") + 2) + '.';
}

// Words may stand several on a line, and behind "#" is a comment.
std::string word_fault(const Setting& setting, std::string_view entry)
{
    for (const auto part : split(entry.substr(0, entry.find('#')), ' '))
        if (const auto word = trim(part); !word.empty() && !is_one_of(setting.words, word))
            return " has no such word as " + quoted(word) + ", which is ignored.";
    return {};
}

std::string tap_fault(std::string_view entry)
{
    auto rest = entry;
    const auto letter = take_until(rest, ':');
    auto pattern = take_until(rest, ':');
    const bool known = letter && (*letter == "F" || *letter == "T" || *letter == "A");
    if (!known || !pattern || rest.empty())
        return " is not F, T or A, a pattern and an address, with colons between them, and is "
               "ignored.";
    if (pattern->starts_with('!')) pattern->remove_prefix(1);
    std::string problem;
    if (Pattern::compile(*pattern, &problem)) return {};
    return " is ignored: " + problem + '.';
}

// What is wrong with one entry, as the end of a sentence; "" for nothing.
std::string fault(const Setting& setting, std::string_view entry)
{
    const auto colon = entry.find(':');
    const bool has_colon = colon != std::string_view::npos;
    switch (setting.check) {
    case Check::none:
    case Check::flag:
    case Check::hidden:
    case Check::secret:
        break;
    case Check::word:
        if (setting.kind == SettingKind::list) return word_fault(setting, entry);
        if (!is_one_of(setting.words, entry))
            return " is no such word; the default " + std::string(setting.fallback) + " counts.";
        break;
    case Check::host:
        return host_fault(entry);
    case Check::address:
        if (!is_address(trim(entry))) return " is no IP address and is ignored.";
        break;
    case Check::clients:
        if (!is_client(entry.substr(0, entry.find_first_of(" \t"))))
            return " is neither address nor prefix and is ignored.";
        break;
    case Check::node:
        if (!is_node(entry.substr(0, entry.find_first_of(" \t"))))
            return " begins with no domain and is ignored.";
        break;
    case Check::pattern:
        return pattern_fault(entry);
    case Check::rule:
        if (entry.find(":allow") == std::string_view::npos &&
            entry.find(":deny") == std::string_view::npos)
            return " is no rule and is ignored.";
        break;
    case Check::tap:
        return tap_fault(entry);
    case Check::owner:
        return owner_line_fault(entry);
    case Check::keyed:
        if (!has_colon) return " has no colon and is ignored.";
        break;
    case Check::route:
        if (!has_colon) return " has no colon and is ignored.";
        return route_fault(entry.substr(colon + 1));
    case Check::tls:
        if (!has_colon ||
            !is_one_of("none may encrypt verify", lower(trim(entry.substr(entry.rfind(':') + 1)))))
            return " ends in none of none, may, encrypt and verify, and is ignored.";
    }
    return {};
}

class Examination {
public:
    Examination(const Setting& setting, std::string_view text) : setting_(setting), text_(text) {}

    std::vector<Finding> findings()
    {
        switch (setting_.kind) {
        case SettingKind::list:
            look_at_list();
            break;
        case SettingKind::line:
            look_at_line();
            break;
        case SettingKind::integer:
            look_at_line();
            look_at_number();
            break;
        case SettingKind::cdb:
        case SettingKind::file:
            return {};
        }
        if (text_.find('\0') != std::string_view::npos) add(0, "There is a zero byte in it.");
        return std::move(found_);
    }

private:
    void add(std::size_t line, std::string text)
    {
        if (found_.size() < most_findings) found_.push_back({line, std::move(text)});
    }

    bool hides() const
    {
        return setting_.check == Check::hidden || setting_.check == Check::secret;
    }

    void look_at(const Entry& entry)
    {
        const auto name =
            hides() ? std::string("It") : quoted(without_password(setting_, entry.text));
        if (entry.text.back() == '\r')
            add(entry.line, name + " ends in a carriage return, which counts.");
        if (entry.text.front() == ' ' || entry.text.front() == '\t')
            add(entry.line, name + " begins with a blank, which counts.");
        if (const auto wrong = fault(setting_, entry.text); !wrong.empty())
            add(entry.line, name + wrong);
    }

    void look_at_list()
    {
        const bool once = setting_.check == Check::keyed;
        std::set<std::string> keys;
        for (const auto& entry : entries(text_)) {
            look_at(entry);
            const auto key = lower(entry.text.substr(0, entry.text.find(':')));
            if (once && !keys.insert(key).second)
                add(entry.line, quoted(key) + " is there more than once; the last one counts.");
        }
    }

    void look_at_line()
    {
        const auto line = first_line(text_);
        if (entries(text_).size() > 1) add(0, "Only the first line counts.");
        if (line.empty()) return;
        if (line.front() == '#') return add(1, "There are no comments in this file.");
        if (setting_.kind == SettingKind::line) look_at({1, line});
    }

    void look_at_number()
    {
        const auto line = first_line(text_);
        const auto number = leading_number(line);
        if (!number)
            add(1, "This is no number; the default " + std::string(setting_.fallback) + " counts.");
        else if (!parse_number(line))
            add(1, "Only the digits in front count.");
        else if (setting_.check == Check::flag && *number > 1)
            add(1, "This is neither 0 nor 1; it counts as 1.");
    }

    const Setting& setting_;
    std::string_view text_;
    std::vector<Finding> found_;
};

}

std::string without_password(const Setting& setting, std::string_view entry)
{
    const auto bar = setting.check == Check::route ? entry.find('|') : std::string_view::npos;
    if (bar == std::string_view::npos) return std::string(entry);
    return std::string(entry.substr(0, bar)) + "|(not shown)";
}

bool holds_passwords(const Setting& setting, std::string_view text)
{
    const auto all = entries(text);
    return setting.check == Check::route &&
           std::any_of(all.begin(), all.end(), [](const auto& entry) {
               return entry.text.find('|') != std::string_view::npos;
           });
}

std::vector<Finding> complaints(const Setting& setting, std::string_view text)
{
    return Examination(setting, text).findings();
}

namespace {

std::string sentence(const Setting& setting, std::string_view value)
{
    return (value.empty() ? "(empty)" : shown(value)) + ". " + std::string(setting.meaning) + ".\n";
}

bool is_shown(const Setting& setting)
{
    return setting.kind != SettingKind::cdb && setting.kind != SettingKind::file &&
           setting.check != Check::hidden && setting.check != Check::secret;
}

}

std::string describe_default(const Setting& setting, std::string_view me)
{
    const bool is_me = setting.fallback == "me" && !me.empty();
    return "(Default.) " + sentence(setting, is_me ? me : setting.fallback);
}

std::vector<std::string> effective_values(const Setting& setting, std::string_view text)
{
    if (!is_shown(setting)) return {};
    std::vector<std::string> values;
    if (setting.kind == SettingKind::list) {
        for (const auto& entry : entries(text))
            values.push_back(shown(without_password(setting, entry.text)));
        return values;
    }
    const auto line = first_line(text);
    if (setting.kind == SettingKind::line) return {shown(line)};
    const auto number = leading_number(line);
    return {number ? std::to_string(*number) : std::string(setting.fallback)};
}

std::string describe(const Setting& setting, std::string_view text)
{
    if (!is_shown(setting)) return std::string(setting.meaning) + ".\n";
    const auto values = effective_values(setting, text);
    if (setting.kind != SettingKind::list) return sentence(setting, values.front());
    std::string result = std::string(setting.meaning) + ".\n";
    for (const auto& value : values) result += value + '\n';
    return result;
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
