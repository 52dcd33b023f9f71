#include "compat/vectors.hpp"

#include "base/sys/file.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <cctype>
#include <stdexcept>

namespace grapnel::test {

namespace {

int hex(char c) { return is_digit(c) ? c - '0' : lower(c) - 'a' + 10; }

std::string unescape(std::string_view text)
{
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\') {
            result += text[i];
            continue;
        }
        switch (text.at(++i)) {
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
            result += static_cast<char>(hex(text.at(i + 1)) * 16 + hex(text.at(i + 2)));
            i += 2;
            break;
        default:
            throw std::runtime_error("unknown escape in " + std::string(text));
        }
    }
    return result;
}

void add_line(Block& block, std::string_view line)
{
    if (line.starts_with("  ") && !block.fields.empty()) {
        block.fields.back().second += unescape(line.substr(2));
        return;
    }
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) throw std::runtime_error("no key: " + std::string(line));
    const auto value = line.substr(std::min(line.size(), colon + 2));
    block.fields.emplace_back(line.substr(0, colon), unescape(value));
}

bool is_name(std::string_view text)
{
    const auto upper = [](char c) { return (c >= 'A' && c <= 'Z') || is_digit(c); };
    const auto colon = text.find(':');
    const auto word = text.substr(0, colon);
    return !word.empty() && !is_digit(word.front()) && std::all_of(word.begin(), word.end(), upper);
}

// Takes a placeholder's name off the front of text, which begins with "@".
std::optional<std::string_view> take_placeholder(std::string_view& text)
{
    const auto end = text.find('@', 1);
    if (end == std::string_view::npos || !is_name(text.substr(1, end - 1))) return std::nullopt;
    const auto name = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
    return name;
}

std::size_t digits(std::string_view text)
{
    std::size_t count = 0;
    while (count < text.size() && is_digit(text[count])) ++count;
    return count;
}

// pattern: 9 a digit, A a letter, _ a digit or a blank, anything else itself. Length of the match,
// or 0.
std::size_t form(std::string_view pattern, std::string_view text)
{
    if (text.size() < pattern.size()) return 0;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        const char c = text[i];
        const bool fits = pattern[i] == '9'   ? is_digit(c)
                          : pattern[i] == 'A' ? is_letter(c)
                          : pattern[i] == '_' ? is_digit(c) || c == ' '
                                              : c == pattern[i];
        if (!fits) return 0;
    }
    return pattern.size();
}

// How much of text a placeholder of unknown value covers; 0: not at all.
std::size_t covers(std::string_view name, std::string_view text)
{
    if (name == "PID" || name == "TIME") return digits(text);
    if (name == "CTIME") return form("AAA AAA _9 99:99:99 9999", text);
    if (name == "DATE")
        return std::max(form("9 AAA 9999 99:99:99 -0000", text),
                        form("99 AAA 9999 99:99:99 -0000", text));
    if (name == "MSGID") {
        const auto stamp = form("99999999999999.", text);
        const auto pid = stamp ? digits(text.substr(stamp)) : 0;
        return pid && text.substr(stamp + pid).starts_with(".qmail") ? stamp + pid + 6 : 0;
    }
    return 0;
}

}

std::optional<std::string> Block::value(std::string_view key) const
{
    for (const auto& [field, content] : fields)
        if (field == key) return content;
    return std::nullopt;
}

std::vector<std::string> Block::values(std::string_view key) const
{
    std::vector<std::string> result;
    for (const auto& [field, content] : fields)
        if (field == key) result.push_back(content);
    return result;
}

std::vector<std::pair<std::string, std::string>> Block::pairs(std::string_view key) const
{
    std::vector<std::pair<std::string, std::string>> result;
    for (const auto& content : values(key)) {
        const auto equals = content.find('=');
        if (equals == std::string::npos) throw std::runtime_error("no = in " + content);
        result.emplace_back(content.substr(0, equals), content.substr(equals + 1));
    }
    return result;
}

std::vector<Block> parse_blocks(std::string_view text)
{
    std::vector<Block> blocks;
    std::size_t number = 0;
    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        ++number;
        if (line == "---")
            blocks.push_back({{}, number + 1, {}});
        else if (!line.empty() && line.front() != '#' && !blocks.empty())
            add_line(blocks.back(), line);
    }
    for (auto& block : blocks) block.name = block.text("name");
    return blocks;
}

std::vector<Block> read_blocks(const std::string& file)
{
    constexpr std::size_t limit = 64 << 20;
    return parse_blocks(read_file(GRAPNEL_COMPAT "/" + file, limit));
}

std::string expand(std::string_view text, const Known& known)
{
    std::string result;
    while (!text.empty()) {
        auto rest = text;
        const auto name = text.front() == '@' ? take_placeholder(rest) : std::nullopt;
        const auto found = name ? known.find(*name) : known.end();
        if (found == known.end()) {
            result += text.front();
            text.remove_prefix(1);
            continue;
        }
        result += found->second;
        text = rest;
    }
    return result;
}

bool matches(std::string_view recorded, std::string_view actual, const Known& known)
{
    const std::string whole = expand(recorded, known);
    std::string_view wanted = whole;
    while (!wanted.empty()) {
        auto rest = wanted;
        const auto name = wanted.front() == '@' ? take_placeholder(rest) : std::nullopt;
        if (const auto length = name ? covers(*name, actual) : 0) {
            actual.remove_prefix(length);
            wanted = rest;
            continue;
        }
        if (actual.empty() || actual.front() != wanted.front()) return false;
        actual.remove_prefix(1);
        wanted.remove_prefix(1);
    }
    return actual.empty();
}

std::string visible(std::string_view text)
{
    std::string result;
    for (const char c : text) {
        if (c == '\n')
            result += "\\n\n";
        else if (std::isprint(static_cast<unsigned char>(c)))
            result += c;
        else {
            constexpr std::string_view alphabet = "0123456789abcdef";
            const auto byte = static_cast<unsigned char>(c);
            result += {'\\', 'x', alphabet[byte >> 4], alphabet[byte & 15]};
        }
    }
    return result;
}

}
