#include "base/mail/netstring.hpp"

#include "base/text.hpp"

namespace grapnel {

namespace {
constexpr std::uint64_t no_more_digits_beyond = 200'000'000;
}

std::string netstring_head(std::uint64_t size) { return std::to_string(size) + ':'; }

std::string encode_netstring(std::string_view bytes)
{
    return netstring_head(bytes.size()).append(bytes) + ',';
}

NetstringSize::State NetstringSize::take(std::string_view& bytes)
{
    if (done_) {
        value_ = 0;
        done_ = false;
    }
    while (!bytes.empty()) {
        const char c = bytes.front();
        bytes.remove_prefix(1);
        if (c == ':') {
            done_ = true;
            return State::done;
        }
        if (value_ > no_more_digits_beyond) return State::too_large;
        if (!is_digit(c)) return State::malformed;
        value_ = value_ * 10 + static_cast<std::uint64_t>(c - '0');
    }
    return State::more;
}

}
