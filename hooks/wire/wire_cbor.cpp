#include "hooks/wire/wire_cbor.hpp"

#include <limits>

namespace grapnel::hooks {

namespace {

constexpr std::size_t most_items = 4'000'000;   // 50,000 recipients with all that can be said

// Major types and simple values (RFC 8949, 3.1, 3.3).
enum Major : unsigned { unsigned_number, negative_number, octets, utf8, list, pairs, tag, simple };
constexpr unsigned no = 20, yes = 21, nothing = 22;
constexpr unsigned one_octet_follows = 24, eight_octets_follow = 27;

}

void CborWriter::head(unsigned major, std::uint64_t value)
{
    const auto first = [&](std::uint64_t low) {
        written_ += static_cast<char>(major << 5U | static_cast<unsigned>(low));
    };
    if (value < one_octet_follows) return first(value);
    unsigned power = 0;   // of two: how many octets follow
    while (power < 3 && value >> (8U << power) != 0) ++power;
    first(one_octet_follows + power);
    for (unsigned bits = 8U << power; bits > 0; bits -= 8)
        written_ += static_cast<char>(value >> (bits - 8) & 255U);
}

void CborWriter::number(std::uint64_t value) { head(unsigned_number, value); }
void CborWriter::number(std::int64_t value)
{
    if (value >= 0) return number(static_cast<std::uint64_t>(value));
    head(negative_number, static_cast<std::uint64_t>(-(value + 1)));
}
void CborWriter::boolean(bool value) { head(simple, value ? yes : no); }
void CborWriter::null() { head(simple, nothing); }
void CborWriter::text(std::string_view value)
{
    head(utf8, value.size());
    written_ += value;
}
void CborWriter::bytes(std::string_view value)
{
    head(octets, value.size());
    written_ += value;
}
void CborWriter::array(std::size_t size) { head(list, size); }
void CborWriter::map(std::size_t size) { head(pairs, size); }

// The head of a value, with its octets where it is a string.
struct CborReader::Item {
    unsigned major = tag;   // which nobody asks for
    std::uint64_t number = 0;
    std::string_view octets = {};
};

void CborReader::fail()
{
    failed_ = true;
    rest_ = {};
}

std::string_view CborReader::take(std::uint64_t size)
{
    if (size > rest_.size()) {
        fail();
        return {};
    }
    const auto taken = rest_.substr(0, static_cast<std::size_t>(size));
    rest_.remove_prefix(taken.size());
    return taken;
}

CborReader::Item CborReader::next()
{
    const auto first = take(1);
    if (failed_) return {};
    const auto head = static_cast<unsigned char>(first.front());
    Item item;
    item.major = head >> 5U;
    item.number = head & 31U;
    if (item.number > eight_octets_follow || ++items_ > most_items) fail();
    if (item.number >= one_octet_follows && !failed_) {
        const auto octets = take(1U << (item.number - one_octet_follows));
        item.number = 0;
        for (const char octet : octets)
            item.number = item.number << 8U | static_cast<unsigned char>(octet);
        if (item.major == simple) fail();   // a float, or nothing of ours
    }
    if (item.major == octets || item.major == utf8) item.octets = take(item.number);
    return failed_ ? Item() : item;
}

std::uint64_t CborReader::number()
{
    const Item item = next();
    if (item.major != unsigned_number) fail();
    return failed_ ? 0 : item.number;
}

std::int64_t CborReader::signed_number()
{
    const Item item = next();
    if (item.major > negative_number || item.number > std::numeric_limits<std::int64_t>::max())
        fail();
    if (failed_) return 0;
    const auto value = static_cast<std::int64_t>(item.number);
    return item.major == negative_number ? -value - 1 : value;
}

bool CborReader::boolean()
{
    const Item item = next();
    if (item.major != simple || (item.number != no && item.number != yes)) fail();
    return !failed_ && item.number == yes;
}

std::string_view CborReader::text()
{
    const Item item = next();
    if (item.major != utf8) fail();
    return failed_ ? std::string_view() : item.octets;
}

std::string_view CborReader::bytes()
{
    const Item item = next();
    if (item.major != octets) fail();
    return failed_ ? std::string_view() : item.octets;
}

std::size_t CborReader::array(std::size_t most)
{
    const Item item = next();
    if (item.major != list || item.number > most) fail();
    return failed_ ? 0 : static_cast<std::size_t>(item.number);
}

std::size_t CborReader::map()
{
    const Item item = next();
    if (item.major != pairs) fail();
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
        const std::uint64_t each = item.major == pairs ? 2 : item.major == list ? 1 : 0;
        if (each == 0) continue;
        if (item.number > rest_.size()) return fail();   // each value takes an octet
        left += each * item.number;
    }
}

}
