// A message back into the queue, once, for all the addresses its .qmail file forwards it to.
#pragma once

#include "base/mail/envelope.hpp"
#include "base/sys/environment.hpp"

#include <string_view>
#include <sys/types.h>

namespace grapnel::local {

// message: at its beginning. Returns the process number of qmail-queue, "qp" in logs. Throws Stop,
// 100 or 111.
pid_t forward(const Envelope& envelope, int message, std::string_view head,
              const Environment& environment);

}
