// CBOR (RFC 8949), both ways: what is read is strict (C6), what is written has its shortest form
// and definite lengths. Bounded memory and stack whatever the bytes are.
#pragma once

#include "hooks/codec/value_builder.hpp"

#include <boost/json/value.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace grapnel::hooks {

void read_cbor(std::string_view bytes, ValueBuilder& into);

// are_bytes: members named "blob" hold base64 and become byte strings (mta-hooks section 2).
enum class Blobs : std::uint8_t { are_text, are_bytes };

// Appends. What is no UTF-8 becomes U+FFFD.
void write_cbor(const boost::json::value& value, Blobs blobs, std::string& to);
void write_cbor_text(std::string_view text, std::string& to);

// What stands before that many members of a map, or octets of a byte string.
void write_cbor_map_head(std::uint64_t members, std::string& to);
void write_cbor_bytes_head(std::uint64_t octets, std::string& to);

}
