#include "hooks/message/edits.hpp"

#include "hooks/message/body_edit.hpp"
#include "hooks/message/header_edit.hpp"
#include "hooks/values/base64.hpp"

namespace grapnel::hooks {

namespace {

Result<> unsupported() { return permanent("this cannot be edited"); }

Result<> suppress(MessageState& message, const MessageRules& rules)
{
    if (!rules.is_notification) return permanent("the message cannot be deleted");
    message.suppressed = true;
    return {};
}

Result<> edit_raw_message(MessageState& message, const Operation& operation,
                          const MessageRules& rules)
{
    if (operation.path.size() != 1) return unsupported();
    if (operation.kind == OperationKind::remove) return suppress(message, rules);
    if (operation.index) return permanent("index without an array");
    if (operation.bytes) return set_raw_message(message, *operation.bytes, rules);
    if (!operation.value.is_string()) return permanent("the message is base64");
    const auto octets = decode_base64(operation.value.get_string());
    if (!octets) return permanent("the message is not base64");
    return set_raw_message(message, *octets, rules);
}

// /message/headers
Result<> edit_headers(MessageState& message, const Operation& operation, const MessageRules& rules)
{
    if (operation.kind != OperationKind::add) return unsupported();
    return add_field(message, operation.value, operation.index, rules);
}

// /message/headers/N: a place to add at, or a field.
Result<> edit_field(MessageState& message, const Operation& operation, const MessageRules& rules)
{
    const auto& token = operation.path[2];
    const auto index = array_index(token);
    if (operation.kind == OperationKind::add) {
        if (operation.index) return permanent("index without an array");
        if (token == "-") return add_field(message, operation.value, std::nullopt, rules);
        if (index) return add_field(message, operation.value, *index, rules);
    }
    if (!index) return permanent("there is no such field");
    if (operation.kind == OperationKind::remove) return delete_field(message, *index);
    return set_field(message, *index, operation.value, rules);
}

// /message/headers/N/name and value
Result<> edit_half_of_field(MessageState& message, const Operation& operation,
                            const MessageRules& rules)
{
    const auto index = array_index(operation.path[2]);
    if (!index) return permanent("there is no such field");
    if (operation.kind == OperationKind::remove) return unsupported();
    if (operation.index) return permanent("index without an array");
    if (operation.path[3] == "name") return set_field_name(message, *index, operation.value, rules);
    if (operation.path[3] == "value")
        return set_field_value(message, *index, operation.value, rules);
    return unsupported();
}

// /message/bodyValues/ID/value
Result<> edit_body_value(MessageState& message, const Operation& operation,
                         const MessageRules& rules)
{
    if (operation.kind == OperationKind::remove || operation.path[3] != "value")
        return unsupported();
    if (operation.index) return permanent("index without an array");
    if (!operation.value.is_string()) return permanent("a body value is a string");
    return set_body_value(message, operation.path[2], operation.value.get_string(), rules);
}

Result<> edit_convenience(MessageState& message, const Convenience& which,
                          const Operation& operation, const MessageRules& rules)
{
    if (operation.kind == OperationKind::remove) return delete_convenience(message, which);
    if (operation.index) return permanent("index without an array");
    return set_convenience(message, which, operation.value, rules);
}

}

Result<> apply_edit(MessageState& message, const Operation& operation, const MessageRules& rules)
{
    const auto& path = operation.path;
    const bool known = operation.kind == OperationKind::set ||
                       operation.kind == OperationKind::add ||
                       operation.kind == OperationKind::remove;
    if (path.size() == 0 || !known) return unsupported();
    if (path[0] == "rawMessage") return edit_raw_message(message, operation, rules);
    if (path[0] != "message") return unsupported();
    if (path.size() == 1)
        return operation.kind == OperationKind::remove ? suppress(message, rules) : unsupported();
    if (path[1] == "headers" && path.size() == 2) return edit_headers(message, operation, rules);
    if (path[1] == "headers" && path.size() == 3) return edit_field(message, operation, rules);
    if (path[1] == "headers" && path.size() == 4)
        return edit_half_of_field(message, operation, rules);
    if (path[1] == "bodyValues" && path.size() == 4)
        return edit_body_value(message, operation, rules);
    const auto* which = convenience_named(path[1]);
    if (which && path.size() == 2) return edit_convenience(message, *which, operation, rules);
    return unsupported();
}

}
