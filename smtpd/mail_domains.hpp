// control/mfcheck: whether mail for a domain can go anywhere, by the DNS (RFC 5321 5.1, RFC 7505).
#pragma once

#include "base/net/dns.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace grapnel::smtpd {

enum class MailDomain {
    reachable,    // it has an MX, or an address
    nowhere,      // neither, or no such name
    takes_none,   // null MX
    doubtful,     // could not be found out
};

boost::asio::awaitable<MailDomain> mail_domain(net::Dns& dns, std::string domain,
                                               net::Dns::Deadline deadline);

// For the sessions of one loop: so many wait at once; for who comes then it is doubtful. What is
// known the resolver remembers.
class MailDomains {
public:
    static constexpr std::chrono::seconds usual_limit{10};
    static constexpr std::size_t most_at_once = 500;

    explicit MailDomains(net::Dns& dns) : dns_(dns) {}
    boost::asio::awaitable<MailDomain> find(std::string domain,
                                            std::chrono::milliseconds limit = usual_limit);

private:
    net::Dns& dns_;
    std::size_t asking_ = 0;
};

// control/resolver, else resolv.conf: read before files are out of reach.
std::vector<std::string> name_servers();

}
