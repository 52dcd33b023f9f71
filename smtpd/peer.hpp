// Who is connected: what tcpserver's variables or the socket say of the client, and what was set
// for this client alone (RELAYCLIENT, DATABYTES, LAX, SMTPEXT, QMAILQUEUE …).
#pragma once

#include "base/net/ip_address.hpp"
#include "base/sys/environment.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel::smtpd {

struct Peer {
    std::optional<net::IpAddress> address;
    std::string ip = "unknown";
    std::string host = "unknown";      // its name, where somebody looked it up
    std::optional<std::string> info;   // TCPREMOTEINFO
    std::string local = "unknown";     // our name or address on this connection
    std::optional<std::string> relay_client, databytes, lax, extensions, greet_delay;
    std::optional<std::string> tarpit_count, tarpit_delay, bad_recipient_limit;
    std::optional<std::string> rcpt_check, rcpt_check_relays, no_plugins;
    std::optional<std::string> auth_wish;      // SMTPAUTH: "-" off, "!…" required, else on
    std::optional<std::string> domain_check;   // MFCHECK

    std::uint16_t port = 0;    // the client's
    net::Endpoint here = {};   // our end

    // In --listen: the two ends of the connection, and what a rule sets for this client.
    std::optional<std::pair<net::Endpoint, net::Endpoint>> ends = {};   // remote, local
    std::vector<std::pair<std::string, std::string>> set = {};

    // What a queue program gets besides the variables this process was started with: "NAME=value".
    std::vector<std::string> variables() const;
    Environment who_he_is() const;
    bool has_queue_program() const;   // QMAILQUEUE is set for this client alone

    std::optional<std::string> force_tls = {}, disable_tls = {};   // "0" counts as absent

    // By what he has shown on this connection: a certificate, a password; or by XCLIENT.
    bool admitted = false;
    std::string user = {}, method = {};   // after AUTH

    bool may_relay() const { return admitted || relay_client.has_value(); }
};

// Under tcpserver or inetd. descriptor: the client; asked where no variable says who it is.
Peer peer_of_environment(const Environment& environment, int descriptor);

// In --listen: from the two ends and the client's name, where it is known, with what
// control/smtprules sets, or else the server's own variables.
Peer peer_of_connection(const Environment& server, const net::Endpoint& remote,
                        const net::Endpoint& local, const std::optional<std::string>& host,
                        const std::vector<std::pair<std::string, std::string>>& set);

bool is_authentication_fact(
    std::string_view name);   // one of those that say who he has shown to be
// A variable that only says who is connected: any value of it is as good as another.
bool is_connection_fact(std::string_view name);

}
