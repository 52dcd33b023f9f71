#include "smtpd/rules.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace grapnel::smtpd {

namespace {

constexpr unsigned most_expanded = 65536;

// VAR="x": any character may stand for the quotes, and it ends at the same one.
bool take_variable(std::string_view& text, Rule& rule)
{
    const auto equals = text.find('=');
    if (equals == 0 || equals == std::string_view::npos || equals + 1 >= text.size()) return false;
    const auto name = text.substr(0, equals);
    const char quote = text[equals + 1];
    const auto end = text.find(quote, equals + 2);
    if (end == std::string_view::npos || name.find_first_of(", \t") != std::string_view::npos)
        return false;
    rule.variables.emplace_back(name, text.substr(equals + 2, end - equals - 2));
    text.remove_prefix(end + 1);
    return true;
}

std::optional<Rule> parse_instructions(std::string_view text)
{
    Rule rule;
    if (text.starts_with("deny"))
        rule.allow = false;
    else if (!text.starts_with("allow"))
        return std::nullopt;
    text.remove_prefix(rule.allow ? 5 : 4);
    while (!text.empty()) {
        if (text.front() != ',') return std::nullopt;
        text.remove_prefix(1);
        if (!text.empty() && !take_variable(text, rule)) return std::nullopt;
    }
    return rule;
}

// The colon before the instructions: the last one that "allow" or "deny" follows, for IPv6 has
// colons too.
std::size_t separator(std::string_view line)
{
    const auto allow = line.find(":allow"), deny = line.find(":deny");
    return std::min(allow, deny);
}

}

bool Rules::add_address(std::string_view address, const Rule& rule)
{
    // tcprules' ranges: "1.2.3.0-15" stands for each of the sixteen.
    const auto dash = address.find('-');
    const bool named = address.find_first_of("=@") != std::string_view::npos;
    if (dash == std::string_view::npos || named) {
        exact_.try_emplace(lower(address), rule);
        return true;
    }
    const auto before = address.substr(0, dash);
    const auto dot = before.rfind('.');
    const auto start = dot == std::string_view::npos ? 0 : dot + 1;
    const auto after = address.substr(dash + 1);
    const auto end = std::min(after.find('.'), after.size());
    const auto low = parse_number<unsigned>(before.substr(start));
    const auto high = parse_number<unsigned>(after.substr(0, end));
    if (!low || !high || *high > 255 || *low > *high || exact_.size() > most_expanded) return false;
    for (unsigned number = *low; number <= *high; ++number)
        if (!add_address(std::string(before.substr(0, start)) + std::to_string(number) +
                             std::string(after.substr(end)),
                         rule))
            return false;
    return true;
}

bool Rules::add(std::string_view line)
{
    line = trim_right(line);
    const auto colon = separator(line);
    if (colon == std::string_view::npos) return false;
    const auto rule = parse_instructions(line.substr(colon + 1));
    if (!rule) return false;
    auto address = line.substr(0, colon);
    if (address.find('/') != std::string_view::npos ||
        address.find(':') != std::string_view::npos) {
        if (address.starts_with('[') && address.ends_with(']'))
            address = address.substr(1, address.size() - 2);
        const auto prefix = net::IpPrefix::parse(address);
        if (!prefix) return false;
        const auto place = std::find_if(prefixes_.begin(), prefixes_.end(), [&](const auto& other) {
            return other.first.bits < prefix->bits;
        });
        prefixes_.insert(place, {*prefix, *rule});
        return true;
    }
    return add_address(address, *rule);
}

const Rule* Rules::at(const std::string& key) const
{
    const auto found = exact_.find(key);
    return found == exact_.end() ? nullptr : &found->second;
}

const Rule* Rules::find(const net::IpAddress& address, const std::optional<std::string>& host,
                        const std::optional<std::string>& info) const
{
    const std::string ip = address.text();
    const std::string name = host ? '=' + lower(*host) : std::string();
    if (info) {
        if (const auto* rule = at(lower(*info) + '@' + ip)) return rule;
        if (host)
            if (const auto* rule = at(lower(*info) + '@' + name)) return rule;
    }
    if (const auto* rule = at(ip)) return rule;
    if (host)
        if (const auto* rule = at(name)) return rule;
    for (auto end = ip.size(); end > 0; --end)
        if (ip[end - 1] == '.')
            if (const auto* rule = at(ip.substr(0, end))) return rule;
    for (const auto& [prefix, rule] : prefixes_)
        if (prefix.contains(address)) return &rule;
    if (host) {
        for (std::size_t i = 1; i < name.size(); ++i)
            if (name[i] == '.')
                if (const auto* rule = at('=' + name.substr(i))) return rule;
        if (const auto* rule = at("=")) return rule;
    }
    return at("");
}

bool Rules::name_hosts() const
{
    return std::any_of(exact_.begin(), exact_.end(),
                       [](const auto& pair) { return pair.first.find('=') != std::string::npos; });
}

bool Rules::sets(std::string_view entry) const
{
    const auto equals = entry.find('=');
    if (equals == std::string_view::npos) return false;
    const std::pair<std::string, std::string> wanted(entry.substr(0, equals),
                                                     entry.substr(equals + 1));
    const auto in = [&](const Rule& rule) {
        return std::find(rule.variables.begin(), rule.variables.end(), wanted) !=
               rule.variables.end();
    };
    return std::any_of(exact_.begin(), exact_.end(),
                       [&](const auto& pair) { return in(pair.second); }) ||
           std::any_of(prefixes_.begin(), prefixes_.end(),
                       [&](const auto& pair) { return in(pair.second); });
}

}
