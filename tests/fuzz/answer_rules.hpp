// What holds of every answer of a scanner, in whichever serialization it came.
#pragma once

#include "hooks/codec/serialization.hpp"

#include <cstdlib>
#include <string_view>

namespace grapnel::fuzz {

inline void require(bool claim)
{
    if (!claim) std::abort();
}

inline void check_answer(hooks::Serialization serialization, std::string_view bytes)
{
    const auto value = hooks::decode(serialization, bytes);
    const auto answer = hooks::decode_response(serialization, bytes);
    if (!value) {
        require(!answer && !value.error().text.empty());
        return;
    }
    // What was read can be said again, either way.
    for (const auto other : {hooks::Serialization::json, hooks::Serialization::cbor})
        require(hooks::decode(other, hooks::encode(other, *value)).value() == *value);
    if (!answer) return;
    require(value->is_object() && answer->list.size() <= 1000);
    for (const auto& operation : answer->list) {
        require(hooks::Pointer::parse(operation.path.text()) == operation.path);
        require(operation.kind == hooks::OperationKind::add || !operation.index);
        require(!operation.bytes || operation.value.is_null());
    }
}

}
