#include "hooks/codec/serialization.hpp"

#include "hooks/codec/cbor.hpp"
#include "hooks/codec/json.hpp"

namespace grapnel::hooks {

std::string_view media_type(Serialization serialization)
{
    return serialization == Serialization::json ? "application/json" : "application/cbor";
}

std::string_view name(Serialization serialization)
{
    return serialization == Serialization::json ? "json" : "cbor";
}

Result<boost::json::value> decode(Serialization serialization, std::string_view bytes)
{
    ValueBuilder builder(nullptr);
    if (serialization == Serialization::json)
        read_json(bytes, builder);
    else
        read_cbor(bytes, builder);
    return builder.take();
}

std::string encode(Serialization serialization, const boost::json::value& value)
{
    if (serialization == Serialization::json) return write_json(value);
    std::string bytes;
    write_cbor(value, Blobs::are_text, bytes);
    return bytes;
}

}
