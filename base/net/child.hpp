// A child process whose end is awaited: by pidfd, so that no signal handler and no other child is
// involved.
#pragma once

#include "base/net/loop.hpp"
#include "base/sys/spawn.hpp"

namespace grapnel::net {

// The child must stay where it is until then. Throws system_error.
boost::asio::awaitable<Ending> ended(Child& child);

}
