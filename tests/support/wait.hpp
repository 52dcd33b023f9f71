// Waiting for what will happen soon: polled every few milliseconds, never longer than a deadline.
#pragma once

#include <chrono>
#include <functional>

namespace grapnel::test {

using std::chrono::milliseconds;
using std::chrono::seconds;

// How long a test waits for what should take milliseconds: enough for a busy machine with
// sanitizers.
inline constexpr milliseconds patience{30000};

// True as soon as happened() is; false when limit has passed.
bool wait_until(const std::function<bool()>& happened, milliseconds limit = patience);

}
