// The system call filter behind confine(), by libseccomp.
#pragma once

#include "base/sys/confine.hpp"

namespace grapnel {

// From now on, in this process and its children, only the calls of this set. A forbidden call fails
// with EPERM; in a debug build it ends the process, so that gaps show. false: the kernel has no
// filters.
bool filter_system_calls(May may);

}
