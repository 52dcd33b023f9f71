#include "base/mail/header.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <utility>

namespace grapnel {

namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool is_name_byte(char c) { return c > 32 && c < 127 && c != ':'; }

enum class Shape { field, no_field, undecided };

// undecided: the text ends before it is clear whether a field begins here.
Shape shape_of(std::string_view text, std::size_t& name_length)
{
    const auto name_end = std::find_if_not(text.begin(), text.end(), is_name_byte);
    name_length = static_cast<std::size_t>(name_end - text.begin());
    const auto colon = std::find_if_not(name_end, text.end(), is_blank);
    if (colon != text.end())
        return *colon == ':' && name_length > 0 ? Shape::field : Shape::no_field;
    return name_length > 0 || text.empty() ? Shape::undecided : Shape::no_field;
}

}

std::optional<std::string_view> field_name(std::string_view line)
{
    std::size_t length = 0;
    if (shape_of(line, length) != Shape::field) return std::nullopt;
    return line.substr(0, length);
}

bool is_field(std::string_view field, std::string_view name)
{
    const auto found = field_name(field);
    return found && equal_ignoring_case(*found, name);
}

std::string_view field_value(std::string_view field)
{
    const auto colon = field.find(':');
    return colon == std::string_view::npos ? std::string_view() : field.substr(colon + 1);
}

std::string unfold(std::string_view value)
{
    std::string flat(value);
    std::erase(flat, '\n');
    return std::string(trim(flat));
}

std::string fold(std::string_view field, std::size_t width)
{
    std::string folded;
    while (field.size() > width) {
        // The last blank that fits; a longer word stands out. Never a line of blanks only.
        const auto first_word = field.find_first_not_of(" \t");
        auto blank = field.find_last_of(" \t", width);
        if (blank == std::string_view::npos || blank <= first_word)
            blank = field.find_first_of(" \t", std::max(first_word, width));
        if (blank == std::string_view::npos ||
            field.find_first_not_of(" \t", blank) == std::string_view::npos)
            break;
        folded.append(field.substr(0, blank)).append("\n");
        field.remove_prefix(blank);
    }
    return folded.append(field);
}

std::optional<std::string_view> find_field(std::string_view header, std::string_view name)
{
    std::size_t begin = 0;
    while (begin < header.size() && header[begin] != '\n') {
        std::size_t end = begin;
        do end = std::min(header.find('\n', end), header.size() - 1) + 1;
        while (end < header.size() && is_blank(header[end]));
        const auto field = header.substr(begin, end - begin);
        if (is_field(field, name)) return field;
        begin = end;
    }
    return std::nullopt;
}

HeaderSplitter::Step HeaderSplitter::take(std::string_view& bytes)
{
    for (;;) {
        if (ended_) return Step::end;
        if (!line_is_whole_) gather(bytes);
        if (taken_ > limit_) return Step::too_long;
        if (!line_is_whole_) return Step::more;
        if (const auto step = judge_line(); step != Step::more) return step;
    }
}

HeaderSplitter::Step HeaderSplitter::finish()
{
    if (ended_) return Step::end;
    if (!line_.empty()) {
        line_is_whole_ = true;
        if (const auto step = judge_line(); step != Step::more) return step;
    }
    if (collecting_.empty()) {
        ended_ = true;
        return Step::end;
    }
    field_ = std::exchange(collecting_, {});
    return Step::field;
}

void HeaderSplitter::gather(std::string_view& bytes)
{
    const auto newline = bytes.find('\n');
    const auto piece = bytes.substr(0, newline == std::string_view::npos ? newline : newline + 1);
    line_ += piece;
    bytes.remove_prefix(piece.size());
    if (ends_header_early()) {
        line_is_whole_ = true;   // whole enough to know that it is body
        return;
    }
    taken_ += piece.size();
    line_is_whole_ = newline != std::string_view::npos;
}

// A body without an empty line before it may be one line of any length.
bool HeaderSplitter::ends_header_early() const
{
    if (line_.empty() || line_ == "\n" || (!collecting_.empty() && is_blank(line_.front())))
        return false;
    if (from_lines_ == FromLines::are_fields && line_.starts_with("From ")) return false;
    std::size_t length = 0;
    return shape_of(line_, length) == Shape::no_field;
}

HeaderSplitter::Step HeaderSplitter::judge_line()
{
    if (!collecting_.empty()) {
        if (is_blank(line_.front())) {
            collecting_ += std::exchange(line_, {});
            line_is_whole_ = false;
            return Step::more;
        }
        field_ = std::exchange(collecting_, {});
        return Step::field;
    }
    if (field_name(line_) || (from_lines_ == FromLines::are_fields && line_.starts_with("From "))) {
        collecting_ = std::exchange(line_, {});
        line_is_whole_ = false;
        return Step::more;
    }
    ended_ = true;
    empty_line_ = line_ == "\n";
    if (empty_line_) line_.clear();
    return Step::end;
}

}
