#include "base/net/ip_address.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace grapnel::net {

namespace {

constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

// inet_pton takes "1.2.3.4" only in its strict form; leading zeros it refuses.
template <std::size_t size>
std::optional<std::array<std::uint8_t, size>> numeric(int family, std::string_view text)
{
    std::array<std::uint8_t, size> bytes{};
    const std::string copy(text);
    if (copy.size() > 64 || copy.find('\0') != std::string::npos) return std::nullopt;
    if (::inet_pton(family, copy.c_str(), bytes.data()) != 1) return std::nullopt;
    return bytes;
}

}

IpAddress IpAddress::v4(std::array<std::uint8_t, 4> bytes)
{
    IpAddress result;
    std::copy(bytes.begin(), bytes.end(), result.bytes_.begin());
    return result;
}

IpAddress IpAddress::v6(const std::array<std::uint8_t, 16>& bytes)
{
    if (std::equal(mapped.begin(), mapped.end(), bytes.begin()))
        return v4({bytes[12], bytes[13], bytes[14], bytes[15]});
    IpAddress result;
    result.v6_ = true;
    result.bytes_ = bytes;
    return result;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text)
{
    if (const auto four = numeric<4>(AF_INET, text)) return v4(*four);
    if (const auto six = numeric<16>(AF_INET6, text)) return v6(*six);
    return std::nullopt;
}

std::string IpAddress::text() const
{
    std::array<char, INET6_ADDRSTRLEN> room{};
    ::inet_ntop(v6_ ? AF_INET6 : AF_INET, bytes_.data(), room.data(), room.size());
    return room.data();
}

std::string IpAddress::literal() const { return (v6_ ? "[IPv6:" : "[") + text() + ']'; }

bool IpAddress::is_loopback() const
{
    if (!v6_) return bytes_[0] == 127;
    return std::all_of(bytes_.begin(), bytes_.end() - 1, [](auto byte) { return byte == 0; }) &&
           bytes_[15] == 1;
}

bool IpAddress::is_unspecified() const
{
    return std::all_of(bytes_.begin(), bytes_.end(), [](auto byte) { return byte == 0; });
}

bool IpAddress::is_multicast() const
{
    return v6_ ? bytes_[0] == 0xff : (bytes_[0] & 0xf0) == 0xe0;
}

IpAddress IpAddress::prefix(unsigned bits) const
{
    IpAddress result = *this;
    for (unsigned bit = bits; bit < width(); ++bit)
        result.bytes_[bit / 8] =
            static_cast<std::uint8_t>(result.bytes_[bit / 8] & ~(0x80u >> (bit % 8)));
    return result;
}

std::optional<IpPrefix> IpPrefix::parse(std::string_view text)
{
    const auto slash = text.find('/');
    const auto address = IpAddress::parse(text.substr(0, slash));
    if (!address) return std::nullopt;
    if (slash == std::string_view::npos) return IpPrefix{*address, address->width()};
    const auto bits = parse_number<unsigned>(text.substr(slash + 1));
    if (!bits || *bits > address->width()) return std::nullopt;
    return IpPrefix{address->prefix(*bits), *bits};
}

bool IpPrefix::contains(const IpAddress& other) const
{
    return other.is_v6() == address.is_v6() && other.prefix(bits) == address;
}

std::string Endpoint::text() const
{
    const auto host = address.text();
    return (address.is_v6() ? '[' + host + ']' : host) + ':' + std::to_string(port);
}

std::vector<std::uint8_t> to_socket_address(const Endpoint& endpoint)
{
    const auto& bytes = endpoint.address.bytes();
    const auto raw = [](const auto& native) {
        std::vector<std::uint8_t> result(sizeof native);
        std::memcpy(result.data(), &native, sizeof native);
        return result;
    };
    if (endpoint.address.is_v6()) {
        sockaddr_in6 native{};
        native.sin6_family = AF_INET6;
        native.sin6_port = htons(endpoint.port);
        std::memcpy(&native.sin6_addr, bytes.data(), 16);
        return raw(native);
    }
    sockaddr_in native{};
    native.sin_family = AF_INET;
    native.sin_port = htons(endpoint.port);
    std::memcpy(&native.sin_addr, bytes.data(), 4);
    return raw(native);
}

std::optional<Endpoint> from_socket_address(const sockaddr* address)
{
    if (address->sa_family == AF_INET) {
        sockaddr_in native{};
        std::memcpy(&native, address, sizeof native);
        std::array<std::uint8_t, 4> bytes{};
        std::memcpy(bytes.data(), &native.sin_addr, bytes.size());
        return Endpoint{IpAddress::v4(bytes), ntohs(native.sin_port)};
    }
    if (address->sa_family == AF_INET6) {
        sockaddr_in6 native{};
        std::memcpy(&native, address, sizeof native);
        std::array<std::uint8_t, 16> bytes{};
        std::memcpy(bytes.data(), &native.sin6_addr, bytes.size());
        return Endpoint{IpAddress::v6(bytes), ntohs(native.sin6_port)};
    }
    return std::nullopt;
}

}
