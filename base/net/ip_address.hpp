// An IPv4 or IPv6 address as a value, with a port where one is meant; prefixes. Pure: no DNS, no
// sockets.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct sockaddr;

namespace grapnel::net {

class IpAddress {
public:
    IpAddress() = default;   // 0.0.0.0
    // "192.0.2.1", "2001:db8::1". An IPv4-mapped IPv6 address becomes the IPv4 one.
    static std::optional<IpAddress> parse(std::string_view text);
    static IpAddress v4(std::array<std::uint8_t, 4> bytes);
    static IpAddress v6(const std::array<std::uint8_t, 16>& bytes);

    bool is_v6() const { return v6_; }
    std::string text() const;
    std::string literal() const;   // "[192.0.2.1]", "[IPv6:2001:db8::1]", RFC 5321 4.1.3
    bool is_loopback() const;
    bool is_unspecified() const;   // 0.0.0.0, ::
    bool is_multicast() const;

    // The first bits of it, the rest zero: what one client is in lists of limits.
    IpAddress prefix(unsigned bits) const;
    unsigned width() const { return v6_ ? 128 : 32; }
    const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }   // IPv4: the first four

    auto operator<=>(const IpAddress&) const = default;

private:
    bool v6_ = false;
    std::array<std::uint8_t, 16> bytes_{};
};

// "10.0.0.0/8", "2001:db8::/32", or one address.
struct IpPrefix {
    IpAddress address;
    unsigned bits = 0;
    static std::optional<IpPrefix> parse(std::string_view text);
    bool contains(const IpAddress& other) const;
};

struct Endpoint {
    IpAddress address;
    std::uint16_t port = 0;
    std::string text() const;   // "192.0.2.1:25", "[2001:db8::1]:25"
    auto operator<=>(const Endpoint&) const = default;
};

// For the socket calls: the bytes of a sockaddr_in or sockaddr_in6, and back. nullopt: another
// family.
std::vector<std::uint8_t> to_socket_address(const Endpoint& endpoint);
std::optional<Endpoint> from_socket_address(const sockaddr* address);

}
