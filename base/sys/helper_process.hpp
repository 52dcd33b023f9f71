// A process forked before its parent gives up rights, to do for it what it may no longer do.
#pragma once

#include "base/sys/fd.hpp"

#include <functional>

namespace grapnel {

// Runs body, given its end of a SOCK_SEQPACKET pair (base/sys/packet.hpp), in a child in which 0
// and 1 are /dev/null, 2 is what ours is, and nothing else is open. Signals to the process group
// pass it by: it is to end when the peer's end is closed. Returns our end. Throws system_error.
Fd start_helper_process(const std::function<int(int socket)>& body);

}
