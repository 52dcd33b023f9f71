#include "smtpd/plugins.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace grapnel::smtpd {

namespace {

constexpr std::size_t most_of_a_kind = 100, longest_line = 1000;

std::optional<PluginEvent> event_of(std::string_view section)
{
    switch (section.size() > 1 ? section[1] : '\0') {
    case 'c':
        return PluginEvent::connection;
    case 'h':
        return PluginEvent::helo;
    case 'm':
        return PluginEvent::mail;
    case 'r':
        return PluginEvent::rcpt;
    case 'p':
        return PluginEvent::pass;
    case 'd':
        return PluginEvent::data;
    case 'a':
        return PluginEvent::auth;
    default:
        return std::nullopt;
    }
}

std::optional<PluginEvent> event_of_letter(char letter)
{
    switch (letter) {
    case 'M':
        return PluginEvent::mail;
    case 'R':
        return PluginEvent::rcpt;
    case 'D':
        return PluginEvent::data;
    default:
        return std::nullopt;
    }
}

PluginWords::Verdict verdict_of(char letter)
{
    using Verdict = PluginWords::Verdict;
    switch (letter) {
    case 'A':
        return Verdict::all;
    case 'N':
        return Verdict::yes;
    case 'O':
        return Verdict::beyond;
    case 'E':
        return Verdict::no;
    case 'R':
        return Verdict::reject;
    case 'D':
        return Verdict::drop;
    default:
        return Verdict::none;
    }
}

template <class List, class Item>
void add(List& list, Item&& item)
{
    if (list.size() < most_of_a_kind) list.push_back(std::forward<Item>(item));
}

void take_line(std::string_view line, PluginWords& words)
{
    const std::string rest(line.substr(1));
    switch (line.front()) {
    case 'H':
        add(words.headers, rest);
        break;
    case 'P':
        add(words.printed, rest);
        break;
    case 'C':
        words.address = rest;
        break;
    case 'S':
        if (const auto equals = rest.find('='); equals != 0 && equals != std::string::npos)
            add(words.variables, std::pair(rest, true));
        break;
    case 'U':
        add(words.variables, std::pair(rest, false));
        break;
    case 'L':
        if (rest.empty()) break;
        if (const auto event = event_of_letter(rest.front()))
            add(words.later, std::pair(*event, rest.substr(1)));
        break;
    default:
        words.verdict = verdict_of(line.front());
        words.message = rest;
    }
}

}

PluginList PluginList::parse(const std::vector<std::string>& lines)
{
    PluginList result;
    std::optional<PluginEvent> section;
    for (const auto& line : lines) {
        if (line.starts_with('['))
            section = event_of(line);
        else if (section)
            result.programs_[static_cast<std::size_t>(*section)].push_back(line);
    }
    return result;
}

bool PluginList::contains(std::string_view program) const
{
    return std::any_of(programs_.begin(), programs_.end(), [&](const auto& section) {
        return std::find(section.begin(), section.end(), program) != section.end();
    });
}

bool PluginList::empty() const
{
    return std::all_of(programs_.begin(), programs_.end(),
                       [](const auto& section) { return section.empty(); });
}

PluginWords parse_plugin_output(std::string_view output)
{
    PluginWords words;
    while (words.verdict == PluginWords::Verdict::none) {
        // Without its line end a line is not said.
        auto line = take_until(output, '\n');
        if (!line) break;
        if (line->ends_with('\r')) line->remove_suffix(1);
        const bool fits =
            !line->empty() && line->size() <= longest_line &&
            line->find_first_of(std::string_view("\r\0", 2)) == std::string_view::npos;
        if (fits) take_line(*line, words);
    }
    return words;
}

}
