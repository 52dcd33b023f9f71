#include "hooks/codec/cbor.hpp"
#include "hooks/codec/json.hpp"
#include "hooks/codec/serialization.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/string.hpp>

#include <array>

namespace grapnel::hooks {

namespace json = boost::json;

namespace {

constexpr std::size_t most_operations = 1000;

struct Kind {
    std::string_view list;   // the member that holds them
    OperationKind kind;
    bool has_value, has_index;
};
// In the order in which they are applied (mta-hooks section 9).
constexpr std::array<Kind, 3> kinds{{
    {"set", OperationKind::set, true, false},
    {"add", OperationKind::add, true, true},
    {"delete", OperationKind::remove, false, false},
}};

// One of them, moved out of the answer.
Result<Operation> read_operation(const Kind& kind, json::value& item, Operations& found)
{
    auto* object = item.if_object();
    if (object == nullptr) return permanent("an operation that is no object");
    const auto* path = object->if_contains("path");
    if (path == nullptr || !path->is_string()) return permanent("an operation without a path");
    const auto pointer = Pointer::parse(path->get_string());
    if (!pointer) return permanent("a path that is no JSON Pointer");

    Operation operation{.kind = kind.kind, .path = *pointer};
    std::size_t known = 1;
    if (auto* value = kind.has_value ? object->if_contains("value") : nullptr) {
        operation.value = std::move(*value);
        ++known;
    } else if (kind.has_value) {
        return permanent("an operation without a value");
    }
    if (const auto* index = kind.has_index ? object->if_contains("index") : nullptr) {
        const auto* number = index->if_int64();
        if (!index->is_null() && (number == nullptr || *number < 0))
            return permanent("an index that is no number");
        if (number != nullptr) operation.index = static_cast<std::uint64_t>(*number);
        ++known;
    }
    if (object->size() > known) found.unknown_members = true;
    return operation;
}

Result<> read_list(const Kind& kind, json::value& list, OperationBytes& bytes, Operations& found)
{
    if (list.is_null()) return {};
    if (!list.is_array()) return permanent("operations that are no list");
    std::size_t position = 0;
    for (auto& item : list.get_array()) {
        if (found.list.size() == most_operations) return permanent("too many operations");
        auto operation = read_operation(kind, item, found);
        if (!operation) return operation.error();
        const auto raw = bytes.find({std::string(kind.list), position++});
        if (raw != bytes.end()) operation->bytes = std::move(raw->second);
        found.list.push_back(std::move(*operation));
    }
    return {};
}

}

Result<Operations> decode_response(Serialization serialization, std::string_view bytes)
{
    OperationBytes operation_bytes;
    ValueBuilder builder(&operation_bytes);
    if (serialization == Serialization::json)
        read_json(bytes, builder);
    else
        read_cbor(bytes, builder);
    auto answer = builder.take();
    if (!answer) return answer.error();
    auto* object = answer->if_object();
    if (object == nullptr) return permanent("an answer that is no object");

    Operations found;
    std::size_t known = 0;
    for (const auto& kind : kinds) {
        auto* list = object->if_contains(kind.list);
        if (list == nullptr) continue;
        ++known;
        auto read = read_list(kind, *list, operation_bytes, found);
        if (!read) return read.error();
    }
    // The older format's {"action": "reject"} must not read as "nothing to change".
    if (known == 0 && !object->empty()) return permanent("an answer without set, add or delete");
    if (object->size() > known) found.unknown_members = true;
    return found;
}

}
