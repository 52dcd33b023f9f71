// What control/ says of mail that users inject themselves: whether scanners are shown it, and how
// much of it.
#pragma once

#include "base/sys/control.hpp"

#include <cstdint>

namespace grapnel::hooks {

// Octets of the longest message: databytes, else 128 MiB; 1 GiB at most. 0: hooks-on-inject is not
// set, and nothing else was looked at. Throws as Control.
std::uint64_t injection_limit(const Control& control);

}
