#include "base/sys/limits.hpp"
#include "base/sys/row.hpp"

#include <cstdint>

// The rows of programs that run as whoever uses them: they look up no users, so that they can be
// linked without the C library's ways to do so.
namespace grapnel::row {

namespace {
constexpr std::uint64_t megabyte = 1 << 20;
}

void qmail_local() { hold_back(64 * megabyte); }
void injector() { hold_back(128 * megabyte); }

}
