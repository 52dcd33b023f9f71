#include "smtpd/fixup/folding.hpp"

#include "base/mail/header.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>

namespace grapnel::smtpd {

namespace {

// "a@b,c@d" becomes "a@b, c@d", but not within quotes, comments and angle brackets.
std::string with_blanks_behind_commas(std::string_view line)
{
    std::string result;
    bool quoted = false, in_angle = false;
    std::size_t depth = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        result += c;
        if (c == '\\' && (quoted || depth > 0) && i + 1 < line.size()) {
            result += line[++i];
            continue;
        }
        if (c == '"' && depth == 0) quoted = !quoted;
        if (quoted) continue;
        if (c == '(') ++depth;
        if (c == ')' && depth > 0) --depth;
        if (depth > 0) continue;
        if (c == '<' || c == '>') in_angle = c == '<';
        const bool blank_follows =
            i + 1 >= line.size() || line[i + 1] == ' ' || line[i + 1] == '\t';
        if (c == ',' && !in_angle && !blank_follows) result += ' ';
    }
    return result;
}

}

bool may_be_folded(std::string_view name)
{
    constexpr std::array names{"received", "return-path", "delivered-to", "authentication-results",
                               "dkim-signature"};
    constexpr std::array kinds{"resent-", "arc-", "list-"};
    return std::none_of(names.begin(), names.end(),
                        [name](const char* one) { return equal_ignoring_case(name, one); }) &&
           std::none_of(kinds.begin(), kinds.end(),
                        [name](const char* one) { return starts_with_ignoring_case(name, one); });
}

std::string with_long_lines_folded(std::string_view field, bool of_addresses)
{
    std::string result;
    while (!field.empty()) {
        const auto end = std::min(field.find('\n'), field.size());
        const auto line = field.substr(0, end);
        if (line.size() <= longest_header_line)
            result += line;
        else
            result += fold(of_addresses ? with_blanks_behind_commas(line) : std::string(line));
        if (end < field.size()) result += '\n';
        field.remove_prefix(std::min(end + 1, field.size()));
    }
    return result;
}

}
