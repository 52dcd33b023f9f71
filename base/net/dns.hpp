// Questions to the DNS, awaited. Dns is an interface so that tests can answer instead of a name
// server. "There is none" and "could not be found out" are different answers: only the first may
// bounce mail.
#pragma once

#include "base/net/ip_address.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::net {

enum class DnsOutcome {
    found,     // there are records, CNAMEs followed
    no_data,   // the name exists, without records of this type
    no_name,   // NXDOMAIN, or a text that cannot be a name
    failed,    // SERVFAIL, no answer in time, bogus: ask again later
};

template <class Record>
struct DnsAnswer {
    DnsOutcome outcome = DnsOutcome::failed;
    std::vector<Record> records = {};
    bool secure = false;   // DNSSEC says so
};

struct MxRecord {
    unsigned preference = 0;
    std::string
        host;   // without the last dot; "." is the root; empty: no name that a host can have
    bool operator==(const MxRecord&) const = default;
};

class Dns {
public:
    using Deadline = std::chrono::steady_clock::time_point;

    virtual ~Dns() = default;
    virtual boost::asio::awaitable<DnsAnswer<MxRecord>> mx(std::string domain,
                                                           Deadline deadline) = 0;
    // A and AAAA, asked at once: found where one of the two is.
    virtual boost::asio::awaitable<DnsAnswer<IpAddress>> addresses(std::string host,
                                                                   Deadline deadline) = 0;
    // PTR: names that the owner of the address gives it. Anybody can claim any name so.
    virtual boost::asio::awaitable<DnsAnswer<std::string>> names(IpAddress address,
                                                                 Deadline deadline);
};

// servers: "ADDRESS" or "ADDRESS@PORT"; none: those of resolv.conf. anchors: DS or DNSKEY records,
// as in a zone file, by which answers are proven; none: nothing is. The first question throws
// std::runtime_error where they make no sense.
std::unique_ptr<Dns> make_dns(boost::asio::any_io_executor executor,
                              std::vector<std::string> servers,
                              std::vector<std::string> anchors = {});

// The name servers in the text of a resolv.conf; without any this host, as resolv.conf(5) has it.
std::vector<std::string> resolv_conf_servers(std::string_view text);

// Not empty, and no part of it is or is longer than the DNS takes: what is no name never will be.
bool can_be_name(std::string_view text);

// Where the DNS has the names of an address: "1.2.0.192.in-addr.arpa".
std::string reverse_name(const IpAddress& address);

// Record data as it stands in an answer, names uncompressed.
std::optional<MxRecord> decode_mx(std::string_view data);         // nullopt: malformed
std::optional<IpAddress> decode_address(std::string_view data);   // of 4 or 16 bytes
// A wire name as text without the last dot, "." for the root, "" where a label has bytes no host
// name has.
std::optional<std::string> decode_name(std::string_view data);

}
