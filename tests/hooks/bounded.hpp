// Work done with a small stack, and what memory it took beyond what was in use before.
#pragma once

#include <cstddef>
#include <functional>

namespace grapnel::test {

constexpr std::size_t small_stack = 512 * 1024;   // sanitized frames are large

// Octets of memory that were in use at the same time, at most, beyond those in use before.
std::size_t memory_of(const std::function<void()>& work);

}
