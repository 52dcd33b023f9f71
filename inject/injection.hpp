// All of qmail-inject: one message from standard input, completed, into the queue.
#pragma once

#include "base/sys/environment.hpp"

#include <string>
#include <vector>

namespace grapnel::inject {

// words: as main gets them. What qmail-inject exits with, having said why.
int run_injection(const std::vector<std::string>& words, const Environment& environment);

}
