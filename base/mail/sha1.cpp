#include "base/mail/sha1.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace grapnel {

namespace {

constexpr std::size_t block_size = 64;
using State = std::array<std::uint32_t, 5>;

std::uint32_t word_at(std::string_view block, std::size_t place)
{
    std::uint32_t word = 0;
    for (std::size_t i = 0; i < 4; ++i)
        word = word << 8 | static_cast<unsigned char>(block[place + i]);
    return word;
}

struct Round {
    std::uint32_t mixed, constant;
};

Round round_of(std::size_t number, std::uint32_t b, std::uint32_t c, std::uint32_t d)
{
    if (number < 20) return {(b & c) | (~b & d), 0x5a827999};
    if (number < 40) return {b ^ c ^ d, 0x6ed9eba1};
    if (number < 60) return {(b & c) | (b & d) | (c & d), 0x8f1bbcdc};
    return {b ^ c ^ d, 0xca62c1d6};
}

void add_block(State& state, std::string_view block)
{
    std::array<std::uint32_t, 80> schedule{};
    for (std::size_t i = 0; i < 16; ++i) schedule[i] = word_at(block, 4 * i);
    for (std::size_t i = 16; i < 80; ++i)
        schedule[i] =
            std::rotl(schedule[i - 3] ^ schedule[i - 8] ^ schedule[i - 14] ^ schedule[i - 16], 1);
    auto [a, b, c, d, e] = state;
    for (std::size_t i = 0; i < 80; ++i) {
        const auto round = round_of(i, b, c, d);
        const auto next = std::rotl(a, 5) + round.mixed + e + round.constant + schedule[i];
        e = d;
        d = c;
        c = std::rotl(b, 30);
        b = a;
        a = next;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
}

}

std::string sha1(std::string_view bytes)
{
    State state{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    const std::uint64_t bits = std::uint64_t{bytes.size()} * 8;
    for (; bytes.size() >= block_size; bytes.remove_prefix(block_size))
        add_block(state, bytes.substr(0, block_size));
    std::string rest(bytes);
    rest += '\x80';
    while (rest.size() % block_size != block_size - 8) rest += '\0';
    for (unsigned shift = 64; shift > 0;) rest += static_cast<char>(bits >> (shift -= 8));
    for (std::string_view left = rest; !left.empty(); left.remove_prefix(block_size))
        add_block(state, left.substr(0, block_size));
    std::string digest;
    for (const auto word : state)
        for (unsigned shift = 32; shift > 0;) digest += static_cast<char>(word >> (shift -= 8));
    return digest;
}

std::string hmac_sha1(std::string_view key, std::string_view bytes)
{
    std::string block(key.size() > block_size ? sha1(key) : std::string(key));
    block.resize(block_size, '\0');
    std::string inner = block, outer = block;
    for (auto& c : inner) c = static_cast<char>(c ^ 0x36);
    for (auto& c : outer) c = static_cast<char>(c ^ 0x5c);
    return sha1(outer + sha1(inner.append(bytes)));
}

}
