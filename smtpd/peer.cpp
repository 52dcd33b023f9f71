#include "smtpd/peer.hpp"

#include "base/text.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>

namespace grapnel::smtpd {

namespace {

void settings_of(const Environment& environment, Peer& peer)
{
    peer.relay_client = environment.get("RELAYCLIENT");
    peer.databytes = environment.get("DATABYTES");
    peer.lax = environment.get("LAX");
    peer.extensions = environment.get("SMTPEXT");
    peer.greet_delay = environment.get("SMTPD_GREETDELAY");
    peer.tarpit_count = environment.get("TARPITCOUNT");
    peer.tarpit_delay = environment.get("TARPITDELAY");
    peer.bad_recipient_limit = environment.get("BRTLIMIT");
    peer.force_tls = environment.get("FORCETLS");
    peer.disable_tls = environment.get("DISABLETLS");
    peer.rcpt_check = environment.get("RCPTCHECK");
    peer.rcpt_check_relays = environment.get("RCPTCHECKRELAYCLIENT");
    peer.no_plugins = environment.get("NOSPP");
    peer.auth_wish = environment.get("SMTPAUTH");
    peer.domain_check = environment.get("MFCHECK");
}

// inetd tells nothing; the socket does. ask: getpeername or getsockname.
std::optional<net::Endpoint> end_of_socket(int descriptor, int (*ask)(int, sockaddr*, socklen_t*))
{
    sockaddr_storage room{};
    socklen_t size = sizeof room;
    auto* address = static_cast<sockaddr*>(static_cast<void*>(&room));
    if (ask(descriptor, address, &size) != 0) return std::nullopt;
    return net::from_socket_address(address);
}

// What the variables leave open the socket says, where it is one.
net::Endpoint end_of(const Environment& environment, const std::string& name,
                     const std::optional<net::Endpoint>& socket)
{
    net::Endpoint end = socket.value_or(net::Endpoint{});
    if (const auto ip = net::IpAddress::parse(environment.get(name + "IP").value_or("")))
        end.address = *ip;
    if (const auto port = parse_number<std::uint16_t>(environment.get(name + "PORT").value_or("")))
        end.port = *port;
    return end;
}

}

Peer peer_of_environment(const Environment& environment, int descriptor)
{
    Peer peer;
    auto ip = environment.get("TCPREMOTEIP");
    const auto client = end_of_socket(descriptor, ::getpeername);
    if (!ip && client) ip = client->address.text();
    peer.port = end_of(environment, "TCPREMOTE", client).port;
    peer.here = end_of(environment, "TCPLOCAL", end_of_socket(descriptor, ::getsockname));
    peer.ip = ip.value_or("unknown");
    peer.address = net::IpAddress::parse(peer.ip);
    peer.host = environment.get("TCPREMOTEHOST").value_or("unknown");
    peer.info = environment.get("TCPREMOTEINFO");
    peer.local =
        environment.get("TCPLOCALHOST").value_or(environment.get("TCPLOCALIP").value_or("unknown"));
    settings_of(environment, peer);
    return peer;
}

bool is_authentication_fact(std::string_view name)
{
    return name == "SMTPAUTHUSER" || name == "SMTPAUTHMETHOD";
}

bool is_connection_fact(std::string_view name)
{
    constexpr std::array names{"PROTO",         "TCPREMOTEIP", "TCPREMOTEPORT", "TCPREMOTEHOST",
                               "TCPREMOTEINFO", "TCPLOCALIP",  "TCPLOCALPORT",  "TCPLOCALHOST"};
    return is_authentication_fact(name) ||
           std::find(names.begin(), names.end(), name) != names.end();
}

namespace {

Environment environment_of(const net::Endpoint& remote, const net::Endpoint& local,
                           const std::optional<std::string>& host)
{
    Environment environment;
    environment.set("PROTO", remote.address.is_v6() ? "TCP6" : "TCP");
    environment.set("TCPREMOTEIP", remote.address.text());
    if (host) environment.set("TCPREMOTEHOST", *host);
    environment.set("TCPREMOTEPORT", std::to_string(remote.port));
    environment.set("TCPLOCALIP", local.address.text());
    environment.set("TCPLOCALPORT", std::to_string(local.port));
    return environment;
}

constexpr std::array settings{"RELAYCLIENT", "DATABYTES",        "LAX",
                              "SMTPEXT",     "SMTPD_GREETDELAY", "TARPITCOUNT",
                              "TARPITDELAY", "BRTLIMIT",         "FORCETLS",
                              "DISABLETLS",  "RCPTCHECK",        "RCPTCHECKRELAYCLIENT",
                              "NOSPP",       "SMTPAUTH",         "MFCHECK"};

}

Peer peer_of_connection(const Environment& server, const net::Endpoint& remote,
                        const net::Endpoint& local, const std::optional<std::string>& host,
                        const std::vector<std::pair<std::string, std::string>>& set)
{
    Peer peer;
    if (set.empty()) {   // the usual
        peer.address = remote.address;
        peer.ip = remote.address.text();
        peer.host = host.value_or("unknown");
        peer.local = local.address.text();
        settings_of(server, peer);
    } else {
        Environment environment = environment_of(remote, local, host);
        for (const auto* name : settings)
            if (const auto value = server.get(name)) environment.set(name, *value);
        for (const auto& [name, value] : set) environment.set(name, value);
        peer = peer_of_environment(environment, -1);
        peer.set = set;
    }
    peer.ends.emplace(remote, local);
    peer.port = remote.port;
    peer.here = local;
    return peer;
}

std::vector<std::string> Peer::variables() const
{
    if (!ends) return who_he_is().entries();
    const auto known = host == "unknown" ? std::nullopt : std::optional(host);
    Environment environment = environment_of(ends->first, ends->second, known);
    const std::array values{&relay_client, &databytes,    &lax,          &extensions,
                            &greet_delay,  &tarpit_count, &tarpit_delay, &bad_recipient_limit,
                            &force_tls,    &disable_tls,  &rcpt_check,   &rcpt_check_relays,
                            &no_plugins,   &auth_wish,    &domain_check};
    for (std::size_t i = 0; i < settings.size(); ++i)
        if (*values[i]) environment.set(settings[i], **values[i]);
    for (const auto& [name, value] : set) environment.set(name, value);
    auto entries = environment.entries();
    for (auto& entry : who_he_is().entries()) entries.push_back(std::move(entry));
    return entries;
}

// As the auth patches of qmail tell it.
Environment Peer::who_he_is() const
{
    Environment environment;
    if (user.empty()) return environment;
    environment.set("SMTPAUTHUSER", user);
    environment.set("SMTPAUTHMETHOD", method);
    return environment;
}

bool Peer::has_queue_program() const
{
    return std::any_of(set.begin(), set.end(),
                       [](const auto& entry) { return entry.first == "QMAILQUEUE"; });
}

}
