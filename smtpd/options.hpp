// The arguments of qmail-smtpd. Pure.
#pragma once

#include "base/net/ip_address.hpp"
#include "base/result.hpp"

#include <string>
#include <vector>

namespace grapnel::smtpd {

struct Options {
    std::vector<net::Endpoint> listen;   // empty: one session on descriptors 0 and 1
    unsigned workers = 0;                // 0: one for each processor
};

// --listen ADDRESS:PORT, [V6]:PORT, :PORT (every address of both kinds), any number of times;
// --workers N.
Result<Options> parse_options(const std::vector<std::string>& words);

// Further words of "--listen".
Result<std::vector<net::Endpoint>> parse_endpoints(std::string_view text);

}
