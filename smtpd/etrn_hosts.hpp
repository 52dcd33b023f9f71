// control/etrnhosts: whose mail may be hastened by ETRN, and by whom. Pure.
// A line: "example.org", "@example.org" (all below it, too) or "*", then, behind blanks, the
// clients: addresses, prefixes, names that they log in with; none of these: all who may relay.
#pragma once

#include "queue/hasten_wire.hpp"
#include "smtpd/client_list.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::smtpd {

class EtrnHosts {
public:
    struct Client {
        const std::optional<net::IpAddress>& address;
        std::string_view user;   // empty: he has not logged in
        bool may_relay = false;
    };

    // Lines that name no domain do not count; they are added to bad.
    EtrnHosts(const std::vector<std::string>& lines, std::vector<std::string>& bad);
    bool allows(const Client& client, const queue::HastenRequest& request) const;
    bool allows_anything(const Client& client) const;

private:
    struct Line {
        std::optional<queue::HastenRequest> domain;   // nullopt: all
        std::optional<ClientList> clients;            // nullopt: who may relay
        bool is_for(const Client& client) const;
    };
    std::vector<Line> lines_;
};

// "example.org", "@example.org", as ETRN has it; nullopt: that is no name of a domain.
std::optional<queue::HastenRequest> parse_node(std::string_view text);

}
