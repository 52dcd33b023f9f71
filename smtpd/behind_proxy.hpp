// Clients who come through a proxy that is trusted: reading its header from the socket, and who the
// client is then.
#pragma once

#include "smtpd/peer.hpp"
#include "smtpd/proxy_header.hpp"

#include <boost/asio/awaitable.hpp>

namespace grapnel::smtpd {

// Takes the header from the socket, and not one octet more. State bad: he sent another thing, or
// not in time, or has left.
boost::asio::awaitable<ProxyHeader> await_proxy_header(int socket);

// The client of whom a proxy or XCLIENT speaks, where no rules of ours tell more of him: what was
// set for the one who speaks holds for him, but that he may not relay.
Peer other_client(const Peer& speaker, const net::Endpoint& client, const net::Endpoint& here,
                  const std::optional<std::string>& host);

}
