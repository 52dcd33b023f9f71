#include "smtpd/proxy_header.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace grapnel::smtpd {

namespace {

using State = ProxyHeader::State;

constexpr std::string_view signature_1 = "PROXY ", signature_2{"\r\n\r\n\0\r\nQUIT\n", 12};
constexpr std::size_t longest_line = 107, fixed_size = 16;

bool may_become(std::string_view bytes, std::string_view signature)
{
    const auto size = std::min(bytes.size(), signature.size());
    return bytes.substr(0, size) == signature.substr(0, size);
}

std::optional<net::Endpoint> endpoint(std::string_view address, std::string_view port, bool v6)
{
    const auto number = parse_number<std::uint16_t>(port);
    const auto parsed = net::IpAddress::parse(address);
    const bool written_as_v6 = address.find(':') != std::string_view::npos;
    if (!number || !parsed || written_as_v6 != v6) return std::nullopt;
    return net::Endpoint{*parsed, *number};
}

// "PROXY TCP4 192.0.2.1 192.0.2.2 4711 25"
ProxyHeader version_1(std::string_view bytes)
{
    ProxyHeader header;
    const auto end = bytes.substr(0, longest_line).find("\r\n");
    if (end == std::string_view::npos) {
        header.state = bytes.size() < longest_line ? State::more : State::bad;
        return header;
    }
    header.size = end + 2;
    header.state = State::bad;
    const auto words = split(bytes.substr(0, end), ' ');
    if (words.size() >= 2 && words[1] == "UNKNOWN") {
        header.state = State::done;
    } else if (words.size() == 6 && (words[1] == "TCP4" || words[1] == "TCP6")) {
        const bool v6 = words[1] == "TCP6";
        const auto client = endpoint(words[2], words[4], v6);
        const auto server = endpoint(words[3], words[5], v6);
        if (!client || !server) return header;
        header.ends.emplace(*client, *server);
        header.state = State::done;
    }
    return header;
}

std::uint8_t octet(std::string_view bytes, std::size_t at)
{
    return static_cast<std::uint8_t>(bytes[at]);
}

std::uint16_t number_16(std::string_view bytes, std::size_t at)
{
    return static_cast<std::uint16_t>(octet(bytes, at) << 8 | octet(bytes, at + 1));
}

net::IpAddress address_at(std::string_view bytes, std::size_t at, bool v6)
{
    std::array<std::uint8_t, 16> all{};
    for (std::size_t i = 0; i < (v6 ? 16u : 4u); ++i) all[i] = octet(bytes, at + i);
    if (!v6) return net::IpAddress::v4({all[0], all[1], all[2], all[3]});
    const auto address = net::IpAddress::v6(all);
    return net::IpAddress::parse(address.text()).value_or(address);   // mapped ones are IPv4
}

// Family, addresses and ports; what follows them within the size is skipped.
ProxyHeader version_2(std::string_view bytes)
{
    constexpr std::uint8_t local = 0x20, proxied = 0x21, tcp_4 = 0x11, tcp_6 = 0x21;
    ProxyHeader header;
    if (bytes.size() < fixed_size) return header;
    header.state = State::bad;
    const auto command = octet(bytes, 12), family = octet(bytes, 13);
    header.size = fixed_size + number_16(bytes, 14);
    if ((command != local && command != proxied) || header.size > longest_proxy_header)
        return header;
    header.state = bytes.size() < header.size ? State::more : State::done;
    if (header.state == State::more || command == local) return header;
    if (family != tcp_4 && family != tcp_6) return header;   // UNSPEC, a local socket
    const bool v6 = family == tcp_6;
    const std::size_t width = v6 ? 16 : 4, ports = fixed_size + 2 * width;
    if (header.size < ports + 4) {
        header.state = State::bad;
        return header;
    }
    header.ends.emplace(
        net::Endpoint{address_at(bytes, fixed_size, v6), number_16(bytes, ports)},
        net::Endpoint{address_at(bytes, fixed_size + width, v6), number_16(bytes, ports + 2)});
    return header;
}

}

ProxyHeader parse_proxy_header(std::string_view bytes)
{
    if (bytes.starts_with(signature_1)) return version_1(bytes);
    if (bytes.starts_with(signature_2)) return version_2(bytes);
    ProxyHeader header;
    if (!may_become(bytes, signature_1) && !may_become(bytes, signature_2))
        header.state = State::bad;
    return header;
}

}
