// What must hold of every input of a fuzz target.
#pragma once

#include <cstdlib>

inline void require(bool claim)
{
    if (!claim) std::abort();
}
