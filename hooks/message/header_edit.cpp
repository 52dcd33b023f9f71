#include "hooks/message/header_edit.hpp"

#include "base/text.hpp"
#include "hooks/message/convenience_text.hpp"
#include "hooks/message/field_text.hpp"
#include "hooks/message/header_change.hpp"
#include "hooks/message/lines.hpp"

#include <boost/json/object.hpp>

#include <algorithm>
#include <array>

namespace grapnel::hooks {

namespace json = boost::json;

namespace {

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names)
{
    return std::any_of(names.begin(), names.end(),
                       [&](std::string_view entry) { return equal_ignoring_case(entry, name); });
}

// C53: loops are found by them.
Result<> check_may_change(std::string_view name)
{
    if (is_one_of(name, {"Received", "Delivered-To", "Return-Path"}))
        return permanent("this field is not to be changed");
    return {};
}

Result<> check_may_add(std::string_view name)
{
    if (is_one_of(name, {"Delivered-To", "Return-Path"}))
        return permanent("this field is not to be added");
    return {};
}

struct NameAndValue {
    std::string_view name, value;
};

Result<NameAndValue> read_field(const json::value& field)
{
    const auto* object = field.if_object();
    if (!object) return permanent("a field is an object");
    const auto* name = object->if_contains("name");
    const auto* value = object->if_contains("value");
    if (!name || !value || !name->is_string() || !value->is_string())
        return permanent("a field has a name and a value");
    return NameAndValue{name->get_string(), value->get_string()};
}

std::string_view without_blanks(std::string_view text)
{
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

// C52, for scanners that trim, too.
bool has_value(const Field& field, std::string_view value)
{
    return without_blanks(raw_form(field.value())) == without_blanks(value);
}

Result<> check_index(const MessageState& message, std::size_t index)
{
    if (index >= message.header.fields.size()) return permanent("there is no such field");
    return {};
}

// Name and colon as they are, blanks between them too.
std::string with_value_of(const Field& field, const std::string& written)
{
    const auto colon = field.text.find(':');
    return std::string(field.text.substr(0, colon)) + written.substr(written.find(':'));
}

}

Result<> add_field(MessageState& message, const json::value& field,
                   std::optional<std::uint64_t> position, const MessageRules& rules)
{
    const auto given = read_field(field);
    if (!given) return given.error();
    const auto count = message.header.fields.size();
    if (position.value_or(0) > count) return permanent("there is no such place");
    if (auto good = check_may_add(given->name); !good) return good;
    auto text = field_text(given->name, given->value, rules.smtputf8);
    if (!text) return text.error();
    return insert_field(message, static_cast<std::size_t>(position.value_or(count)),
                        std::move(*text), rules);
}

Result<> set_field(MessageState& message, std::size_t index, const json::value& field,
                   const MessageRules& rules)
{
    if (auto good = check_index(message, index); !good) return good;
    const auto given = read_field(field);
    if (!given) return given.error();
    const auto& old = message.header.fields[index];
    if (auto good = check_may_change(old.name()); !good) return good;
    if (auto good = check_may_add(given->name); !good) return good;
    if (given->name == old.name() && has_value(old, given->value)) return {};
    auto text = field_text(given->name, given->value, rules.smtputf8);
    if (!text) return text.error();
    return replace_field(message, index, std::move(*text), rules);
}

Result<> set_field_name(MessageState& message, std::size_t index, const json::value& name,
                        const MessageRules& rules)
{
    if (auto good = check_index(message, index); !good) return good;
    if (!name.is_string()) return permanent("a field name is a string");
    const std::string_view given = name.get_string();
    const auto& old = message.header.fields[index];
    if (auto good = check_may_change(old.name()); !good) return good;
    if (auto good = check_may_add(given); !good) return good;
    if (auto good = check_field_name(given); !good) return good;
    if (given == old.name()) return {};
    auto text = std::string(given) + std::string(old.text.substr(old.text.find(':')));
    return replace_field(message, index, std::move(text), rules);
}

Result<> set_field_value(MessageState& message, std::size_t index, const json::value& value,
                         const MessageRules& rules)
{
    if (auto good = check_index(message, index); !good) return good;
    if (!value.is_string()) return permanent("a field value is a string");
    const auto& old = message.header.fields[index];
    if (auto good = check_may_change(old.name()); !good) return good;
    if (has_value(old, value.get_string())) return {};
    // Names in mail may be longer than those that scanners may write.
    const auto name = std::string_view(old.name()).substr(0, longest_name);
    const auto written = field_text(name, value.get_string(), rules.smtputf8);
    if (!written) return written.error();
    return replace_field(message, index, with_value_of(old, *written), rules);
}

Result<> delete_field(MessageState& message, std::size_t index)
{
    if (auto good = check_index(message, index); !good) return good;
    if (auto good = check_may_change(message.header.fields[index].name()); !good) return good;
    remove_field(message, index);
    return {};
}

Result<> set_convenience(MessageState& message, const Convenience& which, const json::value& value,
                         const MessageRules& rules)
{
    const auto at = message.header.last(which.field);
    const bool is_list = which.form != Form::text && which.form != Form::date;
    const bool is_nothing =
        value.is_null() || (is_list && value.is_array() && value.get_array().empty());
    if (is_nothing) return at ? delete_convenience(message, which) : Result<>();
    if (at && says_the_same(message.header.fields[*at].value(), which.form, value)) return {};
    auto text = convenience_text(which, value, rules.smtputf8);
    if (!text) return text.error();
    if (at) return replace_field(message, *at, std::move(*text), rules);
    return insert_field(message, message.header.fields.size(), std::move(*text), rules);
}

Result<> delete_convenience(MessageState& message, const Convenience& which)
{
    if (!message.header.last(which.field)) return permanent("there is no such field");
    std::erase_if(message.header.fields, [&](const Field& field) {
        if (!field.is(which.field)) return false;
        message.size -= crlf_size(field.text);
        return true;
    });
    message.changed = true;
    return {};
}

}
