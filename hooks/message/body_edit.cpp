#include "hooks/message/body_edit.hpp"

#include "hooks/message/charset.hpp"
#include "hooks/message/header_change.hpp"
#include "hooks/message/lines.hpp"
#include "hooks/message/part_header_edit.hpp"
#include "hooks/message/part_text.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

namespace grapnel::hooks {

namespace {

constexpr std::size_t longest_line = 998;

// The content of a part as it will stand there, and what its header has to say of it.
struct NewContent {
    std::string lines = {};
    ContentFieldChanges changes = {};
};

bool is_ascii(std::string_view text)
{
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// Whether it can go as it is, under 7bit or 8bit (RFC 2045 2.7, 2.8).
bool fits_unencoded(std::string_view lines, bool is_seven_bit)
{
    if (lines.find('\r') != std::string_view::npos || lines.find('\0') != std::string_view::npos)
        return false;
    if (is_seven_bit && !is_ascii(lines)) return false;
    while (!lines.empty()) {
        const auto line = first_line(lines);
        if (line.size() > longest_line + 1) return false;
        lines.remove_prefix(line.size());
    }
    return true;
}

NewContent make_content(const std::string& lines, const PartFields& fields)
{
    NewContent content;
    auto characters = from_utf8(lines, fields.charset.value_or("us-ascii"));
    content.changes.to_utf8 = !characters;
    if (!characters) characters = lines;

    if (fields.encoding == TransferEncoding::base64) {
        content.lines = base64_lines(crlf(*characters));
    } else if (is_plain(fields.encoding) &&
               fits_unencoded(*characters, fields.encoding == TransferEncoding::seven_bit)) {
        content.lines = std::move(*characters);
    } else {
        content.lines = quoted_printable_lines(*characters);
        if (fields.encoding != TransferEncoding::quoted_printable)
            content.changes.encoding = "quoted-printable";
    }
    return content;
}

bool is_protected(const Structure& structure, const Part& part)
{
    for (auto above = part.parent; above; above = structure.parts[*above].parent) {
        const auto& type = structure.parts[*above].fields.type;
        if (type == "multipart/signed" || type == "multipart/encrypted") return true;
    }
    return false;
}

// Some readers take any line that begins so for a boundary.
bool has_boundary(const Structure& structure, const Part& part, std::string_view lines)
{
    std::vector<std::string_view> boundaries;
    for (auto above = part.parent; above; above = structure.parts[*above].parent)
        boundaries.push_back(structure.parts[*above].fields.boundary);
    while (!boundaries.empty() && !lines.empty()) {
        auto line = first_line(lines);
        lines.remove_prefix(line.size());
        if (!line.starts_with("--")) continue;
        line.remove_prefix(2);
        if (std::any_of(boundaries.begin(), boundaries.end(),
                        [&](std::string_view boundary) { return line.starts_with(boundary); }))
            return true;
    }
    return false;
}

// Decoding costs what the part's size is: only where it may be the same.
bool has_text(const Structure& structure, const Part& part, std::string_view text)
{
    constexpr std::size_t widest = 8, spare = 4096;
    if (structure.content(part).size() > text.size() * widest + spare) return false;
    const auto now = part_text(structure, part);
    return !now.problem && now.value == text;
}

// The only part of a message: its header is the message's.
Result<> change_message(MessageState& message, NewContent content, const MessageRules& rules)
{
    constexpr std::size_t most_new_fields = 3;
    if (content.changes.any() && message.header.fields.size() + most_new_fields > most_fields)
        return permanent("the message has too many fields");
    std::string header;
    for (const auto& field : message.header.fields) header += field.text;
    auto changed = changed_part_header(header, content.changes);
    if (!changed) return changed.error();
    if (content.changes.any() && !message.header.last("MIME-Version"))
        *changed += "MIME-Version: 1.0\n";
    const auto size = crlf_size(*changed) + 2 + crlf_size(content.lines);
    if (auto good = check_size(message, size, rules); !good) return good;

    if (*changed != header) {
        const auto owner = std::make_shared<const std::string>(std::move(*changed));
        message.header.fields = split_header(*owner).header.fields;
        for (auto& field : message.header.fields) field.added = owner;
    }
    message.header.separator = "\n";
    message.added_body = std::make_shared<const std::string>(std::move(content.lines));
    message.body = *message.added_body;
    message.forget_structure();
    message.size = size;
    message.changed = true;
    return {};
}

Result<> change_part(MessageState& message, std::size_t index, NewContent content,
                     const MessageRules& rules)
{
    auto& structure = message.own_structure();
    auto& part = structure.parts[index];
    std::shared_ptr<const std::string> header = part.new_header;
    if (content.changes.any() || !part.separated) {
        auto changed = changed_part_header(structure.header(part), content.changes);
        if (!changed) return changed.error();
        if (!part.separated) *changed += '\n';
        // A boundary line that ended the message, without a line end.
        if (!part.new_header && !structure.text.substr(0, part.header.begin).ends_with('\n'))
            changed->insert(0, 1, '\n');
        header = std::make_shared<const std::string>(std::move(*changed));
    }
    const auto before = structure.multipart_size(0);
    const auto old = part;
    const bool was_edited = !structure.edited.insert(index).second;
    part.new_header = std::move(header);
    part.new_content = std::make_shared<const std::string>(std::move(content.lines));
    part.separated = true;
    if (content.changes.to_utf8) part.fields.charset = "utf-8";
    if (content.changes.encoding) part.fields.encoding = TransferEncoding::quoted_printable;

    const auto size = message.size - before + structure.multipart_size(0);
    if (auto good = check_size(message, size, rules); !good) {
        part = old;
        if (!was_edited) structure.edited.erase(index);
        return good;
    }
    message.size = size;
    message.changed = true;
    return {};
}

std::optional<std::string> with_line_feeds(std::string_view octets)
{
    std::string text(octets);
    drop_carriage_returns(text);
    if (text.find_first_of(std::string_view("\r\0", 2)) != std::string::npos) return std::nullopt;
    return text;
}

// Only the header is lines.
std::optional<std::string> with_binary_body(std::string_view octets)
{
    constexpr std::string_view end_of_header = "\r\n\r\n";
    const auto end = octets.find(end_of_header);
    if (end == std::string_view::npos) return with_line_feeds(octets);
    const auto body = octets.substr(end + end_of_header.size());
    auto text = with_line_feeds(octets.substr(0, octets.size() - body.size()));
    if (text) text->append(body);
    return text;
}

bool is_the_same(const MessageState& message, std::string_view text)
{
    for (const auto piece : message.pieces()) {
        if (!text.starts_with(piece)) return false;
        text.remove_prefix(piece.size());
    }
    return text.empty();
}

}

Result<> set_body_value(MessageState& message, std::string_view part_id, std::string_view text,
                        const MessageRules& rules)
{
    if (message.binary) return permanent("the message is binary");
    if (!message.may_change_structure()) return permanent("the structure was changed too often");
    const auto& structure = message.own_structure();
    const auto index = structure.find(part_id);
    if (!index) return permanent("there is no such part");
    const auto& part = structure.parts[*index];
    if (!part.fields.is_text() || part.lost_parts) return permanent("the part is no text");
    if (is_protected(structure, part)) return permanent("the part is signed or encrypted");
    std::string lines(text);
    drop_carriage_returns(lines);
    if (has_text(structure, part, lines)) return {};
    auto content = make_content(lines, part.fields);
    if (has_boundary(structure, part, lines) || has_boundary(structure, part, content.lines))
        return permanent("the text has a boundary in it");
    if (*index == 0) return change_message(message, std::move(content), rules);
    return change_part(message, *index, std::move(content), rules);
}

Result<> set_raw_message(MessageState& message, std::string_view octets, const MessageRules& rules)
{
    if (octets.empty()) return permanent("the message is empty");
    auto text = message.binary ? with_binary_body(octets) : with_line_feeds(octets);
    if (!text) return permanent("the message has NUL or a bare CR");
    const auto split = split_header(*text);
    if (split.header.fields.empty()) return permanent("the message has no header");
    if (split.header.cut) return permanent("the message has too many fields");
    if (split.header.separator.empty() && !split.body.empty())
        return permanent("the header has a line that is no field");
    const auto size = message.binary ? octets.size() : crlf_size(*text);
    if (size > rules.limit) return permanent("the message would be too long");
    if (is_the_same(message, *text)) return {};
    MessageState replaced(std::make_shared<const Content>(std::move(*text)), message.binary);
    replaced.changed = true;
    replaced.added_fields = message.added_fields;
    message = std::move(replaced);
    return {};
}

}
