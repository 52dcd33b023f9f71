#include "hooks/wire_cbor.hpp"

#include <cbor/encoding.h>
#include <cbor/streaming.h>

#include <array>
#include <limits>

namespace grapnel::hooks {

namespace {
constexpr std::size_t most_items = 4'000'000;   // 50,000 recipients with all that can be said
}

template <class Encode, class... Values>
void CborWriter::item(Encode encode, Values... values)
{
    std::array<unsigned char, 9> room{};
    const std::size_t size = encode(values..., room.data(), room.size());
    written_.append(reinterpret_cast<const char*>(room.data()), size);
}

void CborWriter::number(std::uint64_t value) { item(cbor_encode_uint, value); }
void CborWriter::number(std::int64_t value)
{
    if (value >= 0) return number(static_cast<std::uint64_t>(value));
    item(cbor_encode_negint, static_cast<std::uint64_t>(-(value + 1)));
}
void CborWriter::boolean(bool value) { item(cbor_encode_bool, value); }
void CborWriter::null() { item(cbor_encode_null); }
void CborWriter::text(std::string_view value)
{
    item(cbor_encode_string_start, value.size());
    written_ += value;
}
void CborWriter::bytes(std::string_view value)
{
    item(cbor_encode_bytestring_start, value.size());
    written_ += value;
}
void CborWriter::array(std::size_t size) { item(cbor_encode_array_start, size); }
void CborWriter::map(std::size_t size) { item(cbor_encode_map_start, size); }

// The head of a value, with its octets where it is a string.
struct CborReader::Item {
    enum class Kind : std::uint8_t {
        none,
        number,
        negative,
        bytes,
        text,
        array,
        map,
        boolean,
        null
    };
    Kind kind = Kind::none;
    std::uint64_t number = 0;
    std::string_view octets = {};
};

namespace {

// What libcbor calls for each kind of item; what has no entry here is nothing of ours.
template <class Item>
cbor_callbacks callbacks()
{
    using Kind = typename Item::Kind;
    auto calls = cbor_empty_callbacks;
    calls.uint8 = [](void* i, std::uint8_t n) { *static_cast<Item*>(i) = {Kind::number, n}; };
    calls.uint16 = [](void* i, std::uint16_t n) { *static_cast<Item*>(i) = {Kind::number, n}; };
    calls.uint32 = [](void* i, std::uint32_t n) { *static_cast<Item*>(i) = {Kind::number, n}; };
    calls.uint64 = [](void* i, std::uint64_t n) { *static_cast<Item*>(i) = {Kind::number, n}; };
    calls.negint8 = [](void* i, std::uint8_t n) { *static_cast<Item*>(i) = {Kind::negative, n}; };
    calls.negint16 = [](void* i, std::uint16_t n) { *static_cast<Item*>(i) = {Kind::negative, n}; };
    calls.negint32 = [](void* i, std::uint32_t n) { *static_cast<Item*>(i) = {Kind::negative, n}; };
    calls.negint64 = [](void* i, std::uint64_t n) { *static_cast<Item*>(i) = {Kind::negative, n}; };
    calls.byte_string = [](void* i, cbor_data at, std::size_t size) {
        *static_cast<Item*>(i) = {Kind::bytes, 0, {reinterpret_cast<const char*>(at), size}};
    };
    calls.string = [](void* i, cbor_data at, std::size_t size) {
        *static_cast<Item*>(i) = {Kind::text, 0, {reinterpret_cast<const char*>(at), size}};
    };
    calls.array_start = [](void* i, std::size_t n) { *static_cast<Item*>(i) = {Kind::array, n}; };
    calls.map_start = [](void* i, std::size_t n) { *static_cast<Item*>(i) = {Kind::map, n}; };
    calls.boolean = [](void* i, bool yes) { *static_cast<Item*>(i) = {Kind::boolean, yes}; };
    calls.null = [](void* i) { *static_cast<Item*>(i) = {Kind::null}; };
    return calls;
}

}

void CborReader::fail()
{
    failed_ = true;
    rest_ = {};
}

CborReader::Item CborReader::next()
{
    static const auto calls = callbacks<Item>();
    Item item;
    const auto result =
        cbor_stream_decode(reinterpret_cast<cbor_data>(rest_.data()), rest_.size(), &calls, &item);
    const bool good = result.status == CBOR_DECODER_FINISHED && item.kind != Item::Kind::none &&
                      ++items_ <= most_items && !failed_;
    if (!good) {
        fail();
        return {};
    }
    rest_.remove_prefix(result.read);
    return item;
}

std::uint64_t CborReader::number()
{
    const Item item = next();
    if (item.kind != Item::Kind::number) fail();
    return failed_ ? 0 : item.number;
}

std::int64_t CborReader::signed_number()
{
    const Item item = next();
    const bool negative = item.kind == Item::Kind::negative;
    if ((!negative && item.kind != Item::Kind::number) ||
        item.number > std::numeric_limits<std::int64_t>::max())
        fail();
    if (failed_) return 0;
    const auto value = static_cast<std::int64_t>(item.number);
    return negative ? -value - 1 : value;
}

bool CborReader::boolean()
{
    const Item item = next();
    if (item.kind != Item::Kind::boolean) fail();
    return !failed_ && item.number != 0;
}

std::string_view CborReader::text()
{
    const Item item = next();
    if (item.kind != Item::Kind::text) fail();
    return failed_ ? std::string_view() : item.octets;
}

std::string_view CborReader::bytes()
{
    const Item item = next();
    if (item.kind != Item::Kind::bytes) fail();
    return failed_ ? std::string_view() : item.octets;
}

std::size_t CborReader::array(std::size_t most)
{
    const Item item = next();
    if (item.kind != Item::Kind::array || item.number > most) fail();
    return failed_ ? 0 : static_cast<std::size_t>(item.number);
}

std::size_t CborReader::map()
{
    const Item item = next();
    if (item.kind != Item::Kind::map) fail();
    return failed_ ? 0 : static_cast<std::size_t>(item.number);
}

bool CborReader::take_null()
{
    constexpr char null = '\xf6';
    if (!rest_.starts_with(null)) return false;
    rest_.remove_prefix(1);
    return true;
}

void CborReader::skip()
{
    for (std::uint64_t left = 1; left > 0 && !failed_; --left) {
        const Item item = next();
        const std::uint64_t each = item.kind == Item::Kind::map     ? 2
                                   : item.kind == Item::Kind::array ? 1
                                                                    : 0;
        if (each == 0) continue;
        if (item.number > rest_.size()) return fail();   // each value takes an octet
        left += each * item.number;
    }
}

}
