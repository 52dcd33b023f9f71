// An outgoing connection to one address, awaited, with a time limit.
#pragma once

#include "base/net/ip_address.hpp"
#include "base/net/stream.hpp"

#include <optional>

namespace grapnel::net {

// TCP with TCP_NODELAY, from the given source address where there is one. Throws TimedOut, or
// system_error whose code is connect's errno (ECONNREFUSED, EHOSTUNREACH …). The stream has no
// deadline set.
asio::awaitable<Stream> connect(Endpoint to, SteadyClock::duration limit,
                                std::optional<IpAddress> from = {});

// The same with a local (AF_UNIX) stream socket.
asio::awaitable<Stream> connect_local(std::string path, SteadyClock::duration limit);

}
