// One event loop of the server: accepts from its sockets, gives each connection a Session. A
// process of its own; the parent watches its heart.
#pragma once

#include "base/sys/environment.hpp"
#include "base/sys/fd.hpp"

#include <atomic>
#include <cstdint>
#include <vector>

namespace grapnel::smtpd {

using Heartbeat = std::atomic<std::int64_t>;   // steady seconds, in memory shared with the parent

// Runs until SIGTERM and the end of the last session. listeners: this worker's own.
int run_worker(std::vector<Fd> listeners, const Environment& environment, Heartbeat& heartbeat);

}
