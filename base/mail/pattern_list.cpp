#include "base/mail/pattern_list.hpp"

namespace grapnel {

namespace {

// Both sign for an expression: what no address of everyday has in it.
bool is_expression(std::string_view entry)
{
    return entry.find_first_of("^$[(|\\") != std::string_view::npos ||
           entry.find(".*") != std::string_view::npos || entry.find(".+") != std::string_view::npos;
}

bool has_wildcards(std::string_view entry)
{
    return entry.find_first_of("*?") != std::string_view::npos;
}

std::string expression_of_wildcards(std::string_view entry)
{
    std::string result = "^";
    for (const char c : entry)
        result += c == '*' ? ".*" : c == '?' ? "." : quote_for_pattern({&c, 1});
    return result + '$';
}

// "@domain" is the end of an address, anything else the whole of it.
std::string expression_of(std::string_view entry, bool negated)
{
    if (is_expression(entry)) return std::string(entry);
    if (has_wildcards(entry)) return expression_of_wildcards(entry);
    if (negated) return quote_for_pattern(entry);   // anywhere, as in qregex: "!@"
    return (entry.starts_with('@') ? "" : "^") + quote_for_pattern(entry) + '$';
}

}

void PatternList::add(const std::vector<std::string>& lines, std::string_view name,
                      std::vector<std::string>& complaints)
{
    for (const auto& line : lines) {
        const auto blank = line.find_first_of(" \t");
        auto key = std::string_view(line).substr(0, blank);
        std::string words(blank == std::string::npos ? "" : trim(line.substr(blank)));
        const bool negated = key.size() > 1 && key.front() == '!';
        if (negated) key.remove_prefix(1);
        if (!negated && !is_expression(key) && !has_wildcards(key)) {
            plain_.insert_or_assign(lower(key), std::move(words));
            continue;
        }
        std::string problem;
        if (auto pattern = Pattern::compile(expression_of(key, negated), &problem))
            expressions_.push_back({std::move(*pattern), negated, std::move(words)});
        else
            complaints.push_back(std::string(name) + ": " + line + ": " + problem);
    }
}

std::optional<std::string> PatternList::find(std::string_view text) const
{
    if (plain_.empty() && expressions_.empty()) return std::nullopt;
    const auto name = lower(text);
    auto found = plain_.find(name);
    const auto at = name.rfind('@');
    if (found == plain_.end() && at != std::string::npos)
        found = plain_.find(std::string_view(name).substr(at));
    if (found != plain_.end()) return found->second;
    for (const auto& expression : expressions_)
        if (expression.pattern.is_found_in(text) != expression.negated) return expression.words;
    return std::nullopt;
}

}
