#include "hooks/message/field_forms.hpp"

#include "base/text.hpp"
#include "hooks/message/address_form.hpp"
#include "hooks/message/date_form.hpp"
#include "hooks/message/encoded_word.hpp"
#include "hooks/message/lexemes.hpp"
#include "hooks/message/lines.hpp"
#include "hooks/values/utf8.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <array>

namespace grapnel::hooks {

namespace json = boost::json;

namespace {

constexpr std::size_t most_items = 10'000;

struct FormName {
    std::string_view name;
    Form form;
};
constexpr std::array form_names{FormName{"asRaw", Form::raw},
                                FormName{"asText", Form::text},
                                FormName{"asAddresses", Form::addresses},
                                FormName{"asGroupedAddresses", Form::grouped_addresses},
                                FormName{"asMessageIds", Form::message_ids},
                                FormName{"asDate", Form::date},
                                FormName{"asURLs", Form::urls}};

// Fields that RFC 5322 and RFC 2369 define have one form each besides Raw; all others any.
struct FieldForm {
    std::string_view field;
    std::optional<Form> form = {};   // addresses: grouped ones too
};
constexpr std::array defined_fields{
    FieldForm{"subject", Form::text},
    FieldForm{"comments", Form::text},
    FieldForm{"keywords", Form::text},
    FieldForm{"from", Form::addresses},
    FieldForm{"sender", Form::addresses},
    FieldForm{"reply-to", Form::addresses},
    FieldForm{"to", Form::addresses},
    FieldForm{"cc", Form::addresses},
    FieldForm{"bcc", Form::addresses},
    FieldForm{"resent-from", Form::addresses},
    FieldForm{"resent-sender", Form::addresses},
    FieldForm{"resent-reply-to", Form::addresses},
    FieldForm{"resent-to", Form::addresses},
    FieldForm{"resent-cc", Form::addresses},
    FieldForm{"resent-bcc", Form::addresses},
    FieldForm{"message-id", Form::message_ids},
    FieldForm{"in-reply-to", Form::message_ids},
    FieldForm{"references", Form::message_ids},
    FieldForm{"resent-message-id", Form::message_ids},
    FieldForm{"date", Form::date},
    FieldForm{"resent-date", Form::date},
    FieldForm{"list-help", Form::urls},
    FieldForm{"list-unsubscribe", Form::urls},
    FieldForm{"list-subscribe", Form::urls},
    FieldForm{"list-post", Form::urls},
    FieldForm{"list-owner", Form::urls},
    FieldForm{"list-archive", Form::urls},
    FieldForm{"return-path"},
    FieldForm{"received"},
};

json::value mailbox(const Mailbox& mailbox)
{
    json::object object;
    object["name"] = mailbox.name ? json::value(*mailbox.name) : json::value();
    object["email"] = mailbox.email;
    return object;
}

json::array mailboxes(const std::vector<Mailbox>& list)
{
    json::array array;
    array.reserve(list.size());
    for (const auto& entry : list) array.push_back(mailbox(entry));
    return array;
}

json::array groups(std::string_view value)
{
    json::array array;
    for (const auto& group : parse_groups(value)) {
        json::object object;
        object["name"] = group.name ? json::value(*group.name) : json::value();
        object["addresses"] = mailboxes(group.mailboxes);
        array.push_back(std::move(object));
    }
    return array;
}

json::value texts(const std::optional<std::vector<std::string>>& list)
{
    if (!list) return nullptr;
    json::array array;
    for (const auto& text : *list) array.emplace_back(text);
    return array;
}

// "<a>, <b>" or "<a> <b>", comments between; nullopt: none.
std::optional<std::vector<std::string>> bracketed(std::string_view value, bool commas)
{
    std::vector<std::string> items;
    for (skip_blanks_and_comments(value); !value.empty(); skip_blanks_and_comments(value)) {
        if (commas && value.starts_with(',')) {
            value.remove_prefix(1);
            continue;
        }
        if (!value.starts_with('<')) {   // phrases stood here once (RFC 5322 4.5.4)
            value.remove_prefix(1);
            take_until_any(value, " \t\r\n(<,");
            continue;
        }
        value.remove_prefix(1);
        auto item = unfolded(take_until_any(value, "<>"));
        if (!value.starts_with('>')) return std::nullopt;
        value.remove_prefix(1);
        std::erase_if(item, is_blank);
        if (item.empty() || items.size() == most_items) continue;
        items.push_back(make_utf8(item));
    }
    if (items.empty()) return std::nullopt;
    return items;
}

}

std::optional<Form> form_named(std::string_view name)
{
    const auto found = std::find_if(form_names.begin(), form_names.end(),
                                    [&](const FormName& entry) { return entry.name == name; });
    if (found == form_names.end()) return std::nullopt;
    return found->form;
}

bool may_have_form(std::string_view field, Form form)
{
    const auto found =
        std::find_if(defined_fields.begin(), defined_fields.end(), [&](const FieldForm& entry) {
            return equal_ignoring_case(entry.field, field);
        });
    if (found == defined_fields.end() || form == Form::raw || found->form == form) return true;
    return form == Form::grouped_addresses && found->form == Form::addresses;
}

json::value in_form(std::string_view value, Form form)
{
    switch (form) {
    case Form::raw:
        return json::value(raw_form(value));
    case Form::text:
        return json::value(text_form(value));
    case Form::addresses:
        return mailboxes(parse_mailboxes(value));
    case Form::grouped_addresses:
        return groups(value);
    case Form::message_ids:
        return texts(message_ids_form(value));
    case Form::date:
        if (const auto date = parse_mail_date(value)) return json::value(json_date(*date));
        return nullptr;
    case Form::urls:
        return texts(bracketed(value, true));
    }
    return nullptr;
}

std::string raw_form(std::string_view value)
{
    auto raw = make_utf8(crlf(value));
    std::erase(raw, '\0');   // RFC 8621 4.1.2.1
    return raw;
}

std::string text_form(std::string_view value)
{
    auto text = decode_words(unfolded(value));
    std::erase(text, '\0');
    return text;
}

std::optional<std::vector<std::string>> message_ids_form(std::string_view value)
{
    return bracketed(value, false);
}

}
