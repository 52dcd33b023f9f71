#include "base/mail/utf8.hpp"

#include <cstdint>
#include <cstring>

namespace grapnel {

namespace {

// How many octets at the front are ASCII.
std::size_t ascii(std::string_view text)
{
    std::size_t n = 0;
    for (std::uint64_t eight = 0; n + sizeof eight <= text.size(); n += sizeof eight) {
        std::memcpy(&eight, text.data() + n, sizeof eight);
        if ((eight & 0x8080808080808080U) != 0) break;
    }
    while (n < text.size() && static_cast<unsigned char>(text[n]) < 0x80) ++n;
    return n;
}

struct Character {
    std::size_t size;   // octets of it, or of its beginning
    bool whole;
};

// RFC 3629 4: what may follow the first octet; text begins with no ASCII.
Character character(std::string_view text)
{
    const auto first = static_cast<unsigned char>(text[0]);
    if (first < 0xC2 || first > 0xF4) return {1, false};
    const std::size_t size = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    unsigned char low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    unsigned char high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    for (std::size_t n = 1; n < size; ++n, low = 0x80, high = 0xBF) {
        if (n == text.size()) return {n, false};
        const auto next = static_cast<unsigned char>(text[n]);
        if (next < low || next > high) return {n, false};
    }
    return {size, true};
}

}

bool is_utf8(std::string_view text)
{
    for (text.remove_prefix(ascii(text)); !text.empty(); text.remove_prefix(ascii(text))) {
        const auto next = character(text);
        if (!next.whole) return false;
        text.remove_prefix(next.size);
    }
    return true;
}

std::string make_utf8(std::string_view text)
{
    std::string good;
    good.reserve(text.size());
    while (!text.empty()) {
        const auto plain = ascii(text);
        good += text.substr(0, plain);
        text.remove_prefix(plain);
        if (text.empty()) break;
        const auto next = character(text);
        good += next.whole ? text.substr(0, next.size) : "\xEF\xBF\xBD";
        text.remove_prefix(next.size);
    }
    return good;
}

}
