// control/smtprules: who may connect, and what is set for him, in the grammar of tcprules. Pure.
#pragma once

#include "base/net/ip_address.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace grapnel::smtpd {

struct Rule {
    bool allow = true;
    std::vector<std::pair<std::string, std::string>> variables;
};

// Looked up as tcpserver does, the first that is there: user@address, user@=host, address, =host,
// shorter and shorter prefixes of the address ("10.1.2.", "10.1.", "10."; in IPv6 by CIDR, longest
// first), endings of the host name ("=.example", "=."), "=", and the empty address. CIDR prefixes
// come after the exact ones.
class Rules {
public:
    // ADDRESS:allow,VAR="x",… or ADDRESS:deny. False: not a rule; nothing is added.
    bool add(std::string_view line);

    // host, info: where known. nullptr: no rule fits, which allows.
    const Rule* find(const net::IpAddress& address, const std::optional<std::string>& host,
                     const std::optional<std::string>& info) const;

    bool name_hosts() const;   // some rule asks for the client's name

    // Some rule sets exactly this ("NAME=value").
    bool sets(std::string_view entry) const;

private:
    bool add_address(std::string_view address, const Rule& rule);
    const Rule* at(const std::string& key) const;

    std::unordered_map<std::string, Rule> exact_;
    std::vector<std::pair<net::IpPrefix, Rule>> prefixes_;   // longest first
};

}
