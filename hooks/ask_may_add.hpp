// Whether a scanner may add a recipient: the policy of RCPT TO for this client (mta-hooks C58).
// Whom the facts came from knows; the answer takes a while.
#pragma once

#include "base/net/stream.hpp"

#include <cstdint>
#include <functional>
#include <string>

namespace grapnel::hooks {

// foreign: only a scanner with relay-recipients may.
enum class AddAnswer : std::uint8_t { yes, foreign, no };

using AskMayAdd = std::function<net::asio::awaitable<AddAnswer>(std::string address)>;

}
