#include "hooks/message/lexemes.hpp"

#include <algorithm>

namespace grapnel::hooks {

namespace {

constexpr std::string_view white = " \t\r\n";

void skip_comment(std::string_view& text)
{
    std::size_t open = 0;
    while (!text.empty()) {
        const char c = text.front();
        text.remove_prefix(c == '\\' ? std::min<std::size_t>(2, text.size()) : 1);
        if (c == '(') ++open;
        if (c == ')' && --open == 0) return;
    }
}

// Appends the next character without its backslash; line ends vanish.
void take_character(std::string_view& text, std::string& to)
{
    if (text.front() == '\\' && text.size() > 1) text.remove_prefix(1);
    if (text.front() != '\r' && text.front() != '\n') to += text.front();
    text.remove_prefix(1);
}

}

void skip_blanks_and_comments(std::string_view& text)
{
    for (;;) {
        text.remove_prefix(std::min(text.find_first_not_of(white), text.size()));
        if (!text.starts_with('(')) return;
        skip_comment(text);
    }
}

std::string take_comment(std::string_view& text)
{
    std::string content;
    std::size_t open = 0;
    while (!text.empty()) {
        const char c = text.front();
        if (c == '(' && ++open == 1) {
            text.remove_prefix(1);
        } else if (c == ')' && --open == 0) {
            text.remove_prefix(1);
            break;
        } else {
            take_character(text, content);
        }
    }
    return content;
}

std::string take_quoted(std::string_view& text)
{
    std::string content;
    text.remove_prefix(1);
    while (!text.empty() && text.front() != '"') take_character(text, content);
    if (!text.empty()) text.remove_prefix(1);
    return content;
}

std::string_view take_until_any(std::string_view& text, std::string_view stops)
{
    const auto found = text.substr(0, text.find_first_of(stops));
    text.remove_prefix(found.size());
    return found;
}

std::string unfolded(std::string_view value)
{
    value.remove_prefix(std::min(value.find_first_not_of(white), value.size()));
    std::string flat(value);
    std::erase_if(flat, [](char c) { return c == '\r' || c == '\n'; });
    return flat;
}

}
