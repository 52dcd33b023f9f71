// Whether a scanner may add a recipient: the policy of RCPT TO for this client (mta-hooks C58).
// Whom the facts came from knows; the answer takes a while.
#pragma once

#include "base/net/stream.hpp"
#include "hooks/may_add.hpp"

#include <functional>
#include <string>

namespace grapnel::hooks {

using AddAnswer = MayAdd;

using AskMayAdd = std::function<net::asio::awaitable<AddAnswer>(std::string address)>;

}
