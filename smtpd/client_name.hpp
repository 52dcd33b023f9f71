// The names of clients by the DNS, as tcpserver -p finds them: only one that leads back to the
// client's address counts.
#pragma once

#include "base/net/dns.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

namespace grapnel::smtpd {

struct ClientName {
    std::optional<std::string> text = {};
    bool doubtful = false;   // none was found, but not everything was answered
};

boost::asio::awaitable<ClientName> client_name(net::Dns& dns, net::IpAddress address,
                                               net::Dns::Deadline deadline);

// For many clients of one loop. So many are asked for at once; who comes then has no name.
class ClientNames {
public:
    explicit ClientNames(net::Dns& dns) : dns_(dns) {}
    boost::asio::awaitable<ClientName> find(net::IpAddress address, std::chrono::seconds limit);

private:
    net::Dns& dns_;
    std::size_t asking_ = 0;
};

}
