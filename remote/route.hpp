// Where mail goes: control/authsenders by the sender, control/smtproutes by the domain, else MX,
// else the domain's own address; never to ourselves. RFC 5321 5.1, RFC 7505. The order of what it
// gives is the order of trying.
#pragma once

#include "base/net/dns.hpp"
#include "base/result.hpp"
#include "remote/config.hpp"
#include "remote/relay.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::remote {

struct NextHop {
    net::Endpoint endpoint;
    std::string host;   // its name, or what the route says
    bool operator==(const NextHop&) const = default;
};
struct Route {
    std::vector<NextHop> hops;                 // at least one
    bool fixed = false;                        // by a control file: who it is was not checked
    std::shared_ptr<const Login> login = {};   // shared with the connections; nullptr: none
    bool proven = true;   // nobody but the domain or the operator can have named these hosts
};

// "[192.0.2.1]", "192.0.2.1", "[IPv6:2001:db8::1]", "[2001:db8::1]": a domain that is an address.
std::optional<net::IpAddress> parse_address_literal(std::string_view domain);

// Bounds of one delivery's lookups: 20 s, 40 questions, 32 MX hosts of 16 addresses each.
// seed: shuffles hosts of equal preference. The Failure's text is that of the report
// (contract 7.2).
boost::asio::awaitable<Result<Route>> find_route(net::Dns& dns, const Config& config,
                                                 std::string domain, std::string sender,
                                                 unsigned seed);

}
