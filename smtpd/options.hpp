// The arguments of qmail-smtpd. Pure.
#pragma once

#include "base/net/ip_address.hpp"
#include "base/result.hpp"
#include "smtpd/service.hpp"

#include <string>
#include <vector>

namespace grapnel::smtpd {

struct Listener {
    Service service;
    net::Endpoint endpoint;
};

struct Options {
    std::vector<Listener> listen;   // empty: one session on descriptors 0 and 1
    Service service = {};           // of that session
    unsigned workers = 0;           // 0: one for each processor
    // The program that judges passwords, and the one that it starts then.
    std::vector<std::string> checker = {};
};

// --listen [SERVICE@]ADDRESS:PORT, any number of times (ADDRESS may be [V6], or absent: every
// address of both kinds); --workers N; --as SERVICE, of one session. SERVICE: service.hpp. Behind
// them [HOST] CHECKER PROGRAM …, as the auth patches of qmail have it; HOST is not used.
Result<Options> parse_options(const std::vector<std::string>& words);

}
