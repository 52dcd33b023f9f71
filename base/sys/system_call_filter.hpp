// The system call filter behind confine().
#pragma once

#include "base/sys/confine.hpp"

namespace grapnel {

// From now on, in this process and its children, only the calls of this set. A forbidden call fails
// with EPERM; in a debug build it ends the process, so that gaps show. false: the kernel has no
// filters.
// lenient: what is not allowed fails, where a debug build would be killed.
bool filter_system_calls(May may, bool lenient = false);

// A tracer makes a call fail by making it none, which a filter would be right to kill for. To be
// asked before Landlock.
bool is_traced();

}
