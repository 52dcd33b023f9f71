// The classic frame: one session on descriptors 0 and 1, under tcpserver, inetd, or between pipes.
#pragma once

#include "base/sys/environment.hpp"

namespace grapnel::smtpd {

int run_one_session(const Environment& environment);   // its exit code: 0 after QUIT, else 1

}
