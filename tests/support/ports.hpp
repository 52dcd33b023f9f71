// TCP on the loopback interface for tests that run side by side.
#pragma once

#include "base/sys/fd.hpp"
#include "support/wait.hpp"

#include <cstdint>

namespace grapnel::test {

using Port = std::uint16_t;

// A port of 127.0.0.1 on which nobody listens; this process keeps it from other tests until it
// ends. For programs that must be told a port. Where you open the socket yourself, take
// listen_on_loopback.
Port free_port();

// A listening socket on 127.0.0.1; port 0: any, ask port_of.
Fd listen_on_loopback(Port port = 0);
Port port_of(int socket);

// Throws system_error when nobody listens within the limit.
Fd connect_to(Port port, milliseconds limit = milliseconds(0));

// Readable within the limit (or at its end)?
bool readable(int descriptor, milliseconds limit);

}
