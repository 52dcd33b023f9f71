// The classic frame: one session on descriptors 0 and 1, under tcpserver, inetd, or between pipes.
#pragma once

#include "base/sys/environment.hpp"
#include "smtpd/options.hpp"

namespace grapnel::smtpd {

// Its exit code: 0 after QUIT, else 1.
int run_one_session(const Options& options, const Environment& environment);

}
