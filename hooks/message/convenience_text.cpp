#include "hooks/message/convenience_text.hpp"

#include "hooks/message/address_form.hpp"
#include "hooks/message/date_form.hpp"
#include "hooks/message/field_text.hpp"
#include "hooks/message/lines.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <optional>
#include <vector>

namespace grapnel::hooks {

namespace json = boost::json;

namespace {

constexpr std::size_t most_items = 1000;

const json::value* member(const json::object& object, std::string_view name)
{
    return object.if_contains(name);
}

std::optional<Mailbox> read_mailbox(const json::value& value)
{
    const auto* object = value.if_object();
    const auto* email = object ? member(*object, "email") : nullptr;
    if (!email || !email->is_string()) return std::nullopt;
    Mailbox mailbox;
    mailbox.email = std::string_view(email->get_string());
    const auto* name = member(*object, "name");
    if (!name || name->is_null()) return mailbox;
    if (!name->is_string()) return std::nullopt;
    mailbox.name = std::string_view(name->get_string());
    return mailbox;
}

std::optional<std::vector<Mailbox>> read_mailboxes(const json::value& value)
{
    const auto* array = value.if_array();
    if (!array || array->size() > most_items) return std::nullopt;
    std::vector<Mailbox> mailboxes;
    for (const auto& entry : *array) {
        auto mailbox = read_mailbox(entry);
        if (!mailbox) return std::nullopt;
        mailboxes.push_back(std::move(*mailbox));
    }
    return mailboxes;
}

Result<std::string> addresses(const Convenience& which, const json::value& value, bool smtputf8)
{
    const auto mailboxes = read_mailboxes(value);
    if (!mailboxes) return permanent("addresses are a list of objects with name and email");
    if (which.member == "sender" && mailboxes->size() != 1) return permanent("there is one sender");
    return write_mailboxes(*mailboxes, smtputf8, which.field.size() + 2);
}

// RFC 5322 3.6.4, but for "@", which many leave out.
bool is_message_id(std::string_view id, bool smtputf8)
{
    return !id.empty() && std::all_of(id.begin(), id.end(), [&](char c) {
        const bool high = static_cast<unsigned char>(c) >= 0x80;
        return high ? smtputf8 : c > 32 && c < 127 && c != '<' && c != '>';
    });
}

Result<std::string> message_ids(const Convenience& which, const json::value& value, bool smtputf8)
{
    const auto* array = value.if_array();
    if (!array || array->size() > most_items) return permanent("message ids are a list of strings");
    if (which.member == "messageId" && array->size() != 1)
        return permanent("there is one message id");
    std::string text;
    for (const auto& entry : *array) {
        if (!entry.is_string()) return permanent("message ids are a list of strings");
        std::string_view id = entry.get_string();
        if (id.starts_with('<') && id.ends_with('>') && id.size() > 2)
            id = id.substr(1, id.size() - 2);
        if (!is_message_id(id, smtputf8)) return permanent("a message id is none");
        if (!text.empty()) text += "\n ";
        text.append("<").append(id).append(">");
    }
    return text;
}

Result<std::string> date(const json::value& value)
{
    if (!value.is_string()) return permanent("a date is a string");
    const auto read = parse_json_date(value.get_string());
    if (!read) return permanent("the date is none");
    return mail_date(*read);
}

}

Result<std::string> convenience_text(const Convenience& which, const json::value& value,
                                     bool smtputf8)
{
    if (which.form == Form::text) {
        if (!value.is_string()) return permanent("the text is a string");
        return text_field(which.field, value.get_string(), smtputf8);
    }
    const auto text = which.form == Form::addresses ? addresses(which, value, smtputf8)
                      : which.form == Form::date    ? date(value)
                                                    : message_ids(which, value, smtputf8);
    if (!text) return text.error();
    return field_text(which.field, *text, smtputf8);
}

bool says_the_same(std::string_view field_value, Form form, const json::value& value)
{
    if (form == Form::addresses) {
        const auto mailboxes = read_mailboxes(value);
        return mailboxes && *mailboxes == parse_mailboxes(field_value);
    }
    if (form == Form::date && value.is_string()) {
        const auto date = parse_json_date(value.get_string());
        return date && date == parse_mail_date(field_value);
    }
    return in_form(field_value, form) == value;
}

}
