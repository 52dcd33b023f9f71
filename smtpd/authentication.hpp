// Who a client has shown himself to be, and how far he is with showing it.
#pragma once

#include "base/net/secrets.hpp"
#include "smtpd/sasl/mechanism.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace grapnel::smtpd {

struct Authentication {
    std::string user = {}, method = {};         // when he has
    std::vector<std::string> mechanisms = {};   // as EHLO has shown them
    unsigned failures = 0;                      // in this session

    // An exchange that has begun: with what came beside AUTH.
    std::unique_ptr<sasl::Mechanism> exchange = {};
    std::optional<net::Secret> response = {};
    std::string asked = {};   // the mechanism

    bool done() const { return !user.empty(); }
};

}
