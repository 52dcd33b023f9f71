#include "smtpd/peer.hpp"

#include <sys/socket.h>

#include <algorithm>

namespace grapnel::smtpd {

namespace {

void settings_of(const Environment& environment, Peer& peer)
{
    peer.relay_client = environment.get("RELAYCLIENT");
    peer.databytes = environment.get("DATABYTES");
    peer.lax = environment.get("LAX");
    peer.extensions = environment.get("SMTPEXT");
    peer.greet_delay = environment.get("SMTPD_GREETDELAY");
}

// inetd tells nothing; the socket does.
std::optional<net::Endpoint> peer_of_socket(int descriptor)
{
    sockaddr_storage room{};
    socklen_t size = sizeof room;
    auto* address = static_cast<sockaddr*>(static_cast<void*>(&room));
    if (::getpeername(descriptor, address, &size) != 0) return std::nullopt;
    return net::from_socket_address(address);
}

}

Peer peer_of_environment(const Environment& environment, int descriptor)
{
    Peer peer;
    auto ip = environment.get("TCPREMOTEIP");
    if (!ip)
        if (const auto end = peer_of_socket(descriptor)) ip = end->address.text();
    peer.ip = ip.value_or("unknown");
    peer.address = net::IpAddress::parse(peer.ip);
    peer.host = environment.get("TCPREMOTEHOST").value_or("unknown");
    peer.info = environment.get("TCPREMOTEINFO");
    peer.local =
        environment.get("TCPLOCALHOST").value_or(environment.get("TCPLOCALIP").value_or("unknown"));
    settings_of(environment, peer);
    return peer;
}

Peer peer_of_connection(const net::Endpoint& remote, const net::Endpoint& local,
                        const std::vector<std::pair<std::string, std::string>>& set)
{
    Environment environment;
    environment.set("PROTO", remote.address.is_v6() ? "TCP6" : "TCP");
    environment.set("TCPREMOTEIP", remote.address.text());
    environment.set("TCPREMOTEPORT", std::to_string(remote.port));
    environment.set("TCPLOCALIP", local.address.text());
    environment.set("TCPLOCALPORT", std::to_string(local.port));
    for (const auto& [name, value] : set) environment.set(name, value);
    Peer peer = peer_of_environment(environment, -1);
    for (const auto& entry : environment.entries()) {
        const auto equals = entry.find('=');
        peer.variables.emplace_back(entry.substr(0, equals), entry.substr(equals + 1));
    }
    return peer;
}

}
