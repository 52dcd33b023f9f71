// What a proxy says of the client before his first octet: the PROXY protocol, version 1 and 2
// (haproxy's proxy-protocol.txt). Pure.
#pragma once

#include "base/net/ip_address.hpp"

#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

namespace grapnel::smtpd {

// Of version 1 107 octets at most; of version 2 what addresses and a few extras need.
inline constexpr std::size_t longest_proxy_header = 16 + 4096;

struct ProxyHeader {
    enum class State { more, done, bad };
    State state = State::more;
    std::size_t size = 0;   // octets of it, when done
    // The client's end and ours. nullopt: the connection is the proxy's own, or he does not know.
    std::optional<std::pair<net::Endpoint, net::Endpoint>> ends = {};
};

// bytes: all that came so far. What stands behind the header is not looked at.
ProxyHeader parse_proxy_header(std::string_view bytes);

}
