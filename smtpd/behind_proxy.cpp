#include "smtpd/behind_proxy.hpp"

#include "base/net/descriptor.hpp"
#include "base/net/stream.hpp"
#include "base/net/within.hpp"

#include <sys/socket.h>

#include <array>
#include <chrono>
#include <string>

namespace grapnel::smtpd {

namespace {

constexpr std::chrono::seconds header_limit{10};

}

// Looks first and takes then: what stands behind the header belongs to the session, or to TLS.
boost::asio::awaitable<ProxyHeader> await_proxy_header(int socket)
{
    const auto deadline = net::SteadyClock::now() + header_limit;
    const ProxyHeader bad{ProxyHeader::State::bad};
    std::string taken;
    for (;;) {
        const auto left = deadline - net::SteadyClock::now();
        if (left <= left.zero()) co_return bad;
        try {
            auto ready = net::readable(socket);
            co_await net::within(left, std::move(ready));
        } catch (const net::TimedOut&) {
            co_return bad;
        }
        std::array<char, longest_proxy_header> room;
        const auto size = ::recv(socket, room.data(), room.size(), MSG_PEEK | MSG_DONTWAIT);
        if (size <= 0) co_return bad;
        const auto header =
            parse_proxy_header(taken + std::string(room.data(), static_cast<std::size_t>(size)));
        if (header.state == ProxyHeader::State::bad) co_return header;
        const bool done = header.state == ProxyHeader::State::done;
        const auto mine = done ? header.size - taken.size() : static_cast<std::size_t>(size);
        if (::recv(socket, room.data(), mine, MSG_DONTWAIT) != static_cast<ssize_t>(mine))
            co_return bad;
        if (done) co_return header;
        taken.append(room.data(), mine);
    }
}

Peer other_client(const Peer& speaker, const net::Endpoint& client, const net::Endpoint& here,
                  const std::optional<std::string>& host)
{
    Peer peer = speaker;
    peer.address = client.address;
    peer.ip = client.address.text();
    peer.port = client.port;
    peer.host = host.value_or("unknown");
    peer.info.reset();
    peer.here = here;
    peer.local = here.address.text();
    peer.ends.emplace(client, here);
    peer.relay_client.reset();
    peer.admitted = false;
    return peer;
}

}
