// In every test program: its guard stands before main.
#include "support/guard.hpp"

namespace {
[[gnu::constructor]] void begin() { grapnel::test::stand_guard(); }
}
