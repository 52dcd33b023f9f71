// One delivery: find the hosts, try them in order, until one has said something about the message.
#pragma once

#include "base/net/dns.hpp"
#include "remote/config.hpp"
#include "remote/connections.hpp"
#include "remote/message_file.hpp"
#include "remote/outbound_tls.hpp"
#include "remote/report.hpp"
#include "remote/timeout_table.hpp"

#include <boost/asio/awaitable.hpp>

#include <string>
#include <vector>

namespace grapnel::remote {

struct Mission {
    std::string domain;
    std::string sender;
    std::vector<std::string> recipients;   // addresses as the queue has them, unquoted
    unsigned turn = 0;   // another one for each delivery: spreads what all should not do alike
    // "name=value name=value": what was asked for with it.
    std::string records = {};
};

// RFC 8689: TLS all the way, proven, or no mail. A notice asks for it, but goes without.
bool demands_tls(const Mission& mission);

// dns: where TLS is demanded, one that proves its answers. connections: those that are kept for the
// next delivery, where there is one.
boost::asio::awaitable<Report> deliver(net::Dns& dns, const Config& config,
                                       const TimeoutTable& timeouts, OutboundTls& tls,
                                       Mission mission, MessageFile& message,
                                       Connections* connections = nullptr);

}
