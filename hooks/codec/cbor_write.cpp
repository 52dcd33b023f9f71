#include "hooks/codec/cbor.hpp"
#include "hooks/codec/serialization.hpp"
#include "hooks/values/base64.hpp"
#include "hooks/values/utf8.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/string.hpp>
#include <cbor.h>

#include <array>

namespace grapnel::hooks {

namespace json = boost::json;

namespace {

// libcbor's encoders write heads and numbers into room that they are given.
template <class Value>
void put(std::size_t (*encode)(Value, unsigned char*, std::size_t), Value value, std::string& to)
{
    std::array<unsigned char, 9> room;
    const auto size = encode(value, room.data(), room.size());
    to.append(reinterpret_cast<const char*>(room.data()), size);
}

void write_bytes(std::string_view bytes, std::string& to)
{
    write_cbor_bytes_head(bytes.size(), to);
    to += bytes;
}

void write_integer(std::int64_t number, std::string& to)
{
    if (number >= 0)
        put(cbor_encode_uint, static_cast<std::uint64_t>(number), to);
    else
        put(cbor_encode_negint, static_cast<std::uint64_t>(-1 - number), to);
}

void write_object(const json::object& object, Blobs blobs, std::string& to)
{
    write_cbor_map_head(object.size(), to);
    for (const auto& member : object) {
        write_cbor_text(member.key(), to);
        if (blobs == Blobs::are_bytes && member.key() == "blob" && member.value().is_string()) {
            if (const auto bytes = decode_base64(member.value().get_string())) {
                write_bytes(*bytes, to);
                continue;
            }
        }
        write_cbor(member.value(), blobs, to);
    }
}

}

void write_cbor_map_head(std::uint64_t members, std::string& to)
{
    put(cbor_encode_map_start, members, to);
}

void write_cbor_bytes_head(std::uint64_t octets, std::string& to)
{
    put(cbor_encode_bytestring_start, octets, to);
}

void write_cbor_text(std::string_view text, std::string& to)
{
    if (!is_utf8(text)) return write_cbor_text(make_utf8(text), to);
    put(cbor_encode_string_start, text.size(), to);
    to += text;
}

// As deep as the value: what is written is ours, or was read within the limits.
void write_cbor(const json::value& value, Blobs blobs, std::string& to)
{
    switch (value.kind()) {
    case json::kind::object:
        return write_object(value.get_object(), blobs, to);
    case json::kind::array:
        put(cbor_encode_array_start, value.get_array().size(), to);
        for (const auto& item : value.get_array()) write_cbor(item, blobs, to);
        return;
    case json::kind::string:
        return write_cbor_text(value.get_string(), to);
    case json::kind::int64:
        return write_integer(value.get_int64(), to);
    case json::kind::uint64:
        return put(cbor_encode_uint, value.get_uint64(), to);
    case json::kind::double_:
        return put(cbor_encode_double, value.get_double(), to);
    case json::kind::bool_:
        return put(cbor_encode_bool, value.get_bool(), to);
    case json::kind::null:
        to += '\xF6';   // RFC 8949 3.3
    }
}

}
