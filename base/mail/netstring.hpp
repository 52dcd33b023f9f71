// Netstrings, "5:hello,", both ways: what QMQP is made of. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace grapnel {

std::string netstring_head(std::uint64_t size);   // "5:"
std::string encode_netstring(std::string_view bytes);

// The number before the colon, from pieces of a stream.
class NetstringSize {
public:
    enum class State { more, done, malformed, too_large };

    // Consumes from the front of bytes; at done the colon too. A colon alone is zero, as it ever
    // was; more than 2,000,000,009 is too large.
    State take(std::string_view& bytes);
    std::uint64_t value() const { return value_; }   // after done

private:
    std::uint64_t value_ = 0;
    bool done_ = false;
};

}
