#include "hooks/message/header_change.hpp"

#include "base/text.hpp"
#include "hooks/message/lines.hpp"

namespace grapnel::hooks {

namespace {

constexpr std::size_t most_added_fields = 256;   // by one answer

// What they say decides what the body is.
void look_at_body_again(MessageState& message, const Field& field)
{
    if (starts_with_ignoring_case(field.name(), "Content-")) message.forget_structure();
}

std::ptrdiff_t offset(std::size_t index) { return static_cast<std::ptrdiff_t>(index); }

}

Result<> check_size(const MessageState& message, std::uint64_t size, const MessageRules& rules)
{
    if (size > rules.limit && size > message.size)
        return permanent("the message would be too long");
    return {};
}

Result<> insert_field(MessageState& message, std::size_t position, std::string text,
                      const MessageRules& rules)
{
    auto& [fields, separator, cut] = message.header;
    if (fields.size() >= most_fields) return permanent("the message has too many fields");
    if (message.added_fields >= most_added_fields) return permanent("too many fields were added");
    const bool needs_separator = separator.empty() && !message.body.empty() && !cut;
    const bool needs_line_end =
        position == fields.size() && position > 0 && !fields.back().text.ends_with('\n');
    const auto size =
        message.size + crlf_size(text) + (needs_separator ? 2U : 0U) + (needs_line_end ? 2U : 0U);
    if (auto good = check_size(message, size, rules); !good) return good;

    if (needs_separator) separator = "\n";
    if (needs_line_end) fields.back() = added_field(std::string(fields.back().text) + '\n');
    fields.insert(fields.begin() + offset(position), added_field(std::move(text)));
    ++message.added_fields;
    message.size = size;
    message.changed = true;
    look_at_body_again(message, fields[position]);
    return {};
}

Result<> replace_field(MessageState& message, std::size_t index, std::string text,
                       const MessageRules& rules)
{
    auto& field = message.header.fields[index];
    const auto size = message.size - crlf_size(field.text) + crlf_size(text);
    if (auto good = check_size(message, size, rules); !good) return good;
    look_at_body_again(message, field);
    field = added_field(std::move(text));
    look_at_body_again(message, field);
    message.size = size;
    message.changed = true;
    return {};
}

void remove_field(MessageState& message, std::size_t index)
{
    auto& fields = message.header.fields;
    look_at_body_again(message, fields[index]);
    message.size -= crlf_size(fields[index].text);
    fields.erase(fields.begin() + offset(index));
    message.changed = true;
}

}
