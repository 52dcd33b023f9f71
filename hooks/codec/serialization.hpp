// JSON or CBOR, as agreed with a scanner; and the one strict way in which anything a scanner sends
// is read (mta-hooks section 2, C6): limits on depth (64), values (100,000) and length, valid
// UTF-8, no name twice, nothing behind the end. Pure.
#pragma once

#include "base/result.hpp"
#include "hooks/values/operation.hpp"

#include <boost/json/value.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::hooks {

enum class Serialization : std::uint8_t { json, cbor };
std::string_view media_type(Serialization serialization);   // "application/json"
std::string_view name(Serialization serialization);         // "json"

// A whole document. A Failure's text says what is malformed, for a log; never any of the content.
// CBOR byte strings inside become base64 text. Integral numbers within +-(2^53-1) are int64,
// however they were written; all others are double.
Result<boost::json::value> decode(Serialization serialization, std::string_view bytes);
// What is no UTF-8 inside becomes U+FFFD.
std::string encode(Serialization serialization, const boost::json::value& value);

// The body of a 200 to a hook call (section 9, C43). A Failure: malformed, nothing is applied.
// unknown_members: whether there were members next to set, add, delete, or in an operation next to
// its own.
struct Operations {
    std::vector<Operation> list;
    bool unknown_members = false;
};
Result<Operations> decode_response(Serialization serialization, std::string_view bytes);

}
