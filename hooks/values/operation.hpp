// One edit of a scanner, whichever version of the protocol and serialization it came in (room for
// draft -02: its JSON Patch becomes the same list).
#pragma once

#include "hooks/values/pointer.hpp"

#include <boost/json/value.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace grapnel::hooks {

enum class OperationKind : std::uint8_t { set, add, remove, move, copy, test };   // -01 has three

struct Operation {
    OperationKind kind = OperationKind::set;
    Pointer path = {};
    boost::json::value value = {};             // of set, add, test
    std::optional<std::string> bytes = {};     // value was a byte string (CBOR)
    std::optional<std::uint64_t> index = {};   // of add on an array
    std::optional<Pointer> from = {};          // of move, copy
};

// tolerant (-01): what fails is skipped, the rest is applied. atomic (-02): all or nothing.
enum class ApplyMode : std::uint8_t { tolerant, atomic };

}
