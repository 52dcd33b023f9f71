#include "hooks/message/properties.hpp"

#include "hooks/message/body_lists.hpp"
#include "hooks/message/body_properties.hpp"
#include "hooks/message/header_properties.hpp"
#include "hooks/message/part_text.hpp"
#include "hooks/values/projection.hpp"

#include <algorithm>

namespace grapnel::hooks {

namespace json = boost::json;

namespace {

void add_header_properties(const MessageState& message, const std::vector<std::string>& members,
                           json::object& to)
{
    for (const auto& member : members) {
        if (member == "size") to["size"] = message.size;
        if (member == "headers") to["headers"] = all_headers(message.header);
        if (const auto* which = convenience_named(member))
            to[member] = convenience(message.header, *which);
        if (auto value = header_member(message.header, member)) to[member] = std::move(*value);
    }
}

}

json::object message_properties(const MessageState& message, const std::vector<Pointer>& wanted)
{
    bool all = false;
    std::vector<std::string> members;
    for (const auto& pointer : wanted) {
        all = all || pointer.size() == 0;
        if (pointer.size() > 0) members.push_back(pointer[0]);
    }
    const auto is_wanted = [&](std::string_view member) {
        return all || std::find(members.begin(), members.end(), member) != members.end();
    };

    json::object object;
    if (all) {
        object["size"] = message.size;
        object["headers"] = all_headers(message.header);
        add_conveniences(message.header, object);
    }
    add_header_properties(message, members, object);
    if (all || std::any_of(members.begin(), members.end(), is_body_property))
        add_body_properties(message.structure(), is_wanted, object);
    auto taken = Wanted(wanted).take(std::move(object));
    return taken ? std::move(taken->as_object()) : json::object();
}

std::vector<std::string> texts_of_fields(const Header& header, std::string_view name)
{
    std::vector<std::string> texts;
    for (const auto& field : header.fields)
        if (field.is(name)) texts.push_back(text_form(field.value()));
    return texts;
}

std::vector<std::string> texts_of_body(const MessageState& message)
{
    const auto& structure = message.structure();
    std::vector<std::string> texts;
    for (const auto& part : structure.parts)
        if (!part.is_multipart && part.fields.is_text())
            texts.push_back(part_text(structure, part).value);
    return texts;
}

bool has_attachments(const MessageState& message) { return has_attachment(message.structure()); }

}
