#include "hooks/edits/edits.hpp"
#include "hooks/values/typed_value.hpp"

#include <array>

namespace grapnel::hooks {

namespace {

namespace json = boost::json;

Result<> set_code(ChosenReply& reply, const json::value& value)
{
    const auto code = as_integer(value);
    if (!code || *code < 200 || *code > 599) return permanent("no SMTP code");
    reply.code = static_cast<int>(*code);
    return {};
}

// One that is not of the code's class is replaced later (C49): here only the type counts.
Result<> set_enhanced(ChosenReply& reply, const json::value& value)
{
    const auto text = as_text(value);
    if (!text && !value.is_null()) return permanent("no enhanced code");
    reply.enhanced.reset();
    if (text) reply.enhanced = std::string(*text);
    return {};
}

Result<> set_message(ChosenReply& reply, const json::value& value)
{
    const auto text = as_text(value);
    if (!text) return permanent("no text");
    auto message = reply_text(*text);
    if (!message) return message.error();
    reply.message = std::move(*message);
    return {};
}

struct Member {
    std::string_view name;
    Result<> (*set)(ChosenReply& reply, const json::value& value);
};
constexpr std::array members{Member{"code", set_code}, Member{"enhancedCode", set_enhanced},
                             Member{"message", set_message}};

}

Result<> edit_response(Draft& draft, const Operation& operation)
{
    if (operation.index) return permanent("an index, but no array");
    const bool whole = operation.path.size() == 1;
    if (!whole && !draft.facts.response && !draft.reply.any()) return permanent("no such member");
    const auto* const object = operation.value.if_object();
    if (whole && !object) return permanent("no response");
    ChosenReply reply = whole ? ChosenReply() : draft.reply;
    for (const auto& member : members) {
        if (!whole && operation.path[1] != member.name) continue;
        const auto* const value = whole ? object->if_contains(member.name) : &operation.value;
        const auto result = member.set(reply, value ? *value : json::value());
        if (!result) return result;
    }
    draft.reply = std::move(reply);
    return {};
}

}
