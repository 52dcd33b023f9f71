// The parent of --listen: opens the sockets, becomes qmaild, starts a worker for each loop and
// replaces one that died or no longer answers. It reads not one byte from outside.
#pragma once

#include "base/sys/environment.hpp"
#include "smtpd/options.hpp"

namespace grapnel::smtpd {

int run_server(const Options& options, const Environment& environment);

}
