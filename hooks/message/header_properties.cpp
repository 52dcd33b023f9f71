#include "hooks/message/header_properties.hpp"

#include "base/text.hpp"
#include "hooks/values/utf8.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <array>

namespace grapnel::hooks {

namespace json = boost::json;

namespace {

constexpr std::array conveniences{
    Convenience{"from", "From", Form::addresses},
    Convenience{"sender", "Sender", Form::addresses},
    Convenience{"replyTo", "Reply-To", Form::addresses},
    Convenience{"to", "To", Form::addresses},
    Convenience{"cc", "Cc", Form::addresses},
    Convenience{"bcc", "Bcc", Form::addresses},
    Convenience{"subject", "Subject", Form::text},
    Convenience{"messageId", "Message-ID", Form::message_ids},
    Convenience{"inReplyTo", "In-Reply-To", Form::message_ids},
    Convenience{"references", "References", Form::message_ids},
    Convenience{"sentAt", "Date", Form::date},
};

bool is_name(std::string_view name)
{
    return !name.empty() &&
           std::all_of(name.begin(), name.end(), [](char c) { return c > 32 && c < 127; });
}

}

const Convenience* convenience_named(std::string_view member)
{
    const auto* found =
        std::find_if(conveniences.begin(), conveniences.end(),
                     [&](const Convenience& entry) { return entry.member == member; });
    return found == conveniences.end() ? nullptr : found;
}

json::value all_headers(const Header& header)
{
    json::array fields;
    fields.reserve(header.fields.size());
    for (const auto& field : header.fields)
        fields.push_back({{"name", field.name()}, {"value", raw_form(field.value())}});
    return fields;
}

json::value convenience(const Header& header, const Convenience& which)
{
    const auto at = header.last(which.field);
    if (!at) return nullptr;
    return in_form(header.fields[*at].value(), which.form);
}

std::optional<json::value> header_member(const Header& header, std::string_view member)
{
    auto parts = split(member, ':');   // "header", name, form, "all"
    if (parts.size() < 2 || parts[0] != "header" || !is_name(parts[1])) return std::nullopt;
    const auto name = parts[1];
    const bool all = parts.size() > 2 && parts.back() == "all";
    if (all) parts.pop_back();
    if (parts.size() > 3) return std::nullopt;
    const auto form = parts.size() == 3 ? form_named(parts[2]) : Form::raw;
    if (!form || !may_have_form(name, *form)) return std::nullopt;
    if (!all) return convenience(header, {"", name, *form});
    json::array values;
    for (const auto& field : header.fields)
        if (field.is(name)) values.push_back(in_form(field.value(), *form));
    return values;
}

void add_conveniences(const Header& header, json::object& to)
{
    for (const auto& entry : conveniences) to[entry.member] = convenience(header, entry);
}

}
