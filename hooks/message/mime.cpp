#include "hooks/message/structure.hpp"

#include "base/mail/header.hpp"
#include "base/text.hpp"
#include "hooks/message/lines.hpp"

#include <unordered_map>

namespace grapnel::hooks {

namespace {

// One multipart whose parts are being read.
struct Level {
    std::size_t part = 0;
    std::string boundary = {};
    std::optional<std::size_t> hidden = {};   // an outer level with the same boundary
    bool closed = false;                      // its last boundary line was there
};

// A boundary line without "--" and what may stand behind it; nullopt: it is none.
std::optional<std::string_view> boundary_text(std::string_view line)
{
    if (!line.starts_with("--")) return std::nullopt;
    line.remove_prefix(2);
    while (!line.empty() && (is_blank(line.back()) || line.back() == '\n' || line.back() == '\r'))
        line.remove_suffix(1);
    return line;
}

void make_opaque(Part& part)
{
    part.fields.type = "application/octet-stream";
    part.fields.charset.reset();
    part.fields.encoding = TransferEncoding::seven_bit;
}

// RFC 2046 5.1: a multipart has parts, so this is none.
void make_text(Part& part)
{
    part.is_multipart = false;
    part.lost_parts = true;
    part.fields.type = "text/plain";
    part.fields.charset = "us-ascii";
    part.fields.encoding = TransferEncoding::seven_bit;
}

// Goes over the lines once. A line that begins with "--" costs two look-ups, however many levels
// are open.
class Parser {
public:
    Parser(const Header& header, std::string_view body, bool binary)
    {
        levels_.reserve(deepest_level);   // by_boundary_ has views into them
        structure_.text = body;
        structure_.binary = binary;
        structure_.parts.emplace_back().separated = !header.separator.empty();
        begin_content(header, false);
    }

    Structure parse()
    {
        while (at_ < text().size() && !levels_.empty() && !in_the_rest_) {
            const auto line = first_line(text().substr(at_));
            if (!take_boundary(line) && where_ == Where::header) take_header_line(line);
            at_ += line.size();
            if (line.ends_with('\n')) count_lines(1);
        }
        const auto rest = text().substr(at_);
        count_lines(static_cast<std::size_t>(crlf_size(rest) - rest.size()));
        at_ = text().size();
        end_leaf(0);
        while (!levels_.empty()) pop_level(0);
        number(0, "");
        return std::move(structure_);
    }

private:
    enum class Where { header, content, between };

    std::string_view text() const { return structure_.text; }
    // Those whose ends grow by a CR when they are shown.
    void count_lines(std::size_t count)
    {
        if (!structure_.binary) lines_ += count;
    }
    // Of the line before at_: it belongs to a boundary.
    std::size_t size_of_line_end() const
    {
        if (at_ == 0) return 0;
        return structure_.binary && at_ > 1 && text()[at_ - 2] == '\r' ? 2 : 1;
    }
    bool is_empty_line(std::string_view line) const
    {
        return line == "\n" || (structure_.binary && line == "\r\n");
    }
    Part& newest() { return structure_.parts.back(); }   // the leaf that is being read

    bool take_boundary(std::string_view line)
    {
        auto boundary = boundary_text(line);
        if (!boundary) return false;
        auto found = by_boundary_.find(*boundary);
        const bool closes = found == by_boundary_.end() && boundary->ends_with("--");
        if (closes) {
            boundary->remove_suffix(2);
            found = by_boundary_.find(*boundary);
        }
        if (found == by_boundary_.end()) return false;
        const auto level = found->second;
        const auto line_end = size_of_line_end();
        end_leaf(line_end);
        while (levels_.size() > level + 1) pop_level(line_end);
        if (closes)
            close_level();
        else
            begin_part(line);
        return true;
    }

    void begin_part(std::string_view boundary_line)
    {
        const auto begin = at_ + boundary_line.size();
        auto& parts = structure_.parts;
        const auto parent = levels_.back().part;
        parts[parent].children.push_back(parts.size());
        auto& part = parts.emplace_back();
        part.parent = parent;
        part.header = {begin, begin};
        part.separated = false;
        where_ = Where::header;
        if (parts.size() < most_parts) return;
        make_opaque(part);
        in_the_rest_ = true;
        where_ = Where::content;
        part.content.begin = begin;
        part.lines = lines_ + (boundary_line.ends_with('\n') && !structure_.binary ? 1 : 0);
    }

    // A part's header ends at an empty line, or where the body begins without one (C54).
    void take_header_line(std::string_view line)
    {
        auto& part = newest();
        const bool goes_on = is_blank(line.front()) && part.header.end > part.header.begin;
        if (!is_empty_line(line) && (goes_on || field_name(line))) {
            part.header.end = at_ + line.size();
            return;
        }
        part.separated = is_empty_line(line);
        part.content.begin = at_ + (part.separated ? line.size() : 0);
        part.lines = lines_ + (part.separated && !structure_.binary ? 1 : 0);
        finish_header();
    }

    void finish_header()
    {
        const bool in_digest = structure_.parts[*newest().parent].fields.type == "multipart/digest";
        if (structure_.binary) {
            std::string plain(newest().header.of(text()));
            drop_carriage_returns(plain);
            newest().new_header = std::make_shared<const std::string>(std::move(plain));
        }
        const auto lines = newest().new_header;
        begin_content(
            split_header(lines ? std::string_view(*lines) : newest().header.of(text())).header,
            in_digest);
    }

    // Content begins; lines holds how many line ends precede it until it is known where it ends.
    void begin_content(const Header& header, bool in_digest)
    {
        auto& part = newest();
        part.fields = read_part_fields(header, in_digest);
        where_ = Where::content;
        if (header.cut) make_opaque(part);
        if (!part.fields.is_multipart()) return;
        if (levels_.size() == deepest_level) return make_opaque(part);
        if (part.fields.boundary.empty()) return make_text(part);
        part.is_multipart = true;
        where_ = Where::between;
        auto& level = levels_.emplace_back();
        level.part = structure_.parts.size() - 1;
        level.boundary = part.fields.boundary;
        if (const auto outer = by_boundary_.find(level.boundary); outer != by_boundary_.end()) {
            level.hidden = outer->second;
            by_boundary_.erase(outer);
        }
        by_boundary_.emplace(level.boundary, levels_.size() - 1);
    }

    // Before at_, or before the line end that precedes it.
    void end_content(Part& part, std::size_t line_end)
    {
        part.joined = line_end > 0 && part.content.begin == at_;
        if (part.content.begin == at_) line_end = 0;
        part.content.end = at_ - line_end;
        part.lines = structure_.binary ? 0 : lines_ - part.lines - line_end;
    }

    void end_leaf(std::size_t line_end)
    {
        if (where_ == Where::header) {
            newest().content.begin = at_;
            newest().lines = lines_;
            finish_header();
            if (where_ == Where::between) return;   // a multipart without anything
        }
        if (where_ == Where::content) end_content(newest(), line_end);
        where_ = Where::between;
    }

    void close_level()
    {
        auto& level = levels_.back();
        if (level.closed) return;
        level.closed = true;
        by_boundary_.erase(level.boundary);
        if (level.hidden) by_boundary_.emplace(levels_[*level.hidden].boundary, *level.hidden);
    }

    void pop_level(std::size_t line_end)
    {
        close_level();
        auto& part = structure_.parts[levels_.back().part];
        end_content(part, line_end);
        if (part.children.empty()) make_text(part);
        levels_.pop_back();
    }

    void number(std::size_t index, const std::string& id)
    {
        auto& part = structure_.parts[index];
        part.id = id.empty() && !part.is_multipart ? "1" : id;
        std::size_t count = 0;
        for (const auto child : part.children)
            number(child, (id.empty() ? "" : id + '.') + std::to_string(++count));
    }

    Structure structure_;
    std::vector<Level> levels_;
    std::unordered_map<std::string_view, std::size_t> by_boundary_;
    Where where_ = Where::content;
    std::size_t at_ = 0, lines_ = 0;
    bool in_the_rest_ = false;
};

}

Structure parse_mime(const Header& header, std::string_view body, bool binary)
{
    return Parser(header, body, binary).parse();
}

}
