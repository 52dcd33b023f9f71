// The settings of qmail-remote, read once at its start.
#pragma once

#include "base/mail/name_table.hpp"
#include "base/net/ip_address.hpp"
#include "base/sys/control.hpp"
#include "remote/message_text.hpp"
#include "remote/tls_policy.hpp"

#include <chrono>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::remote {

// Addresses and names that are this host: never a next hop found by MX.
struct Ourselves {
    std::string name = {};                        // control/me
    std::vector<net::IpAddress> addresses = {};   // of the interfaces, and control/moreipme
    std::vector<net::IpAddress> others = {};      // control/notipme
    bool owns(const net::IpAddress& address) const;
};

// control/remoteext: "-KEY" for every host, "HOST:-KEY" for one.
class UnusedExtensions {
public:
    UnusedExtensions() = default;
    explicit UnusedExtensions(const std::vector<std::string>& lines);
    // domain: of the recipients; host: the server's name.
    std::set<std::string, std::less<>> at(std::string_view domain, std::string_view host) const;

private:
    struct Entry {
        std::string host;   // empty: everywhere
        std::string keyword;
    };
    std::vector<Entry> entries_;
};

struct Config {
    std::string helo_name;
    NameMap routes = {};
    NameMap senders = {};   // control/authsenders
    TlsDestinations tls_destinations = {};
    Ourselves ourselves = {};
    UnusedExtensions unused = {};
    std::vector<std::string> resolvers = {};
    std::vector<std::string> trust_anchors = {};   // DS or DNSKEY records; none: nothing is proven
    std::optional<net::IpAddress> source = {};     // control/outgoingip
    std::chrono::seconds connect_limit{60};
    std::chrono::seconds answer_limit{1200};
    bool trust_limit = false;   // answer_limit as it is, below RFC 5321's minimum too (sandboxes)
    std::size_t most_addresses = 20;   // control/maxmxaddrs
    bool prefer_v4 = false;
    bool never_as_null = false;      // control/nevernull
    NameSet readers_of_field = {};   // control/rrvsheader: domains
    BareCr bare_cr = BareCr::space;
};

struct UnreadableControl : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// Throws UnreadableControl, also where me and helohost are both missing. Bad
// lines are skipped in silence (qmail-showctl shows them): descriptor 2 belongs to the report.
Config read_config(const Control& control);

}
