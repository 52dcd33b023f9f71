// Files that are memory, and sealed: what such a descriptor holds, nobody changes any more, not
// even who made it. For what is passed between processes that do not trust each other.
#pragma once

#include "base/sys/fd.hpp"

#include <string_view>

namespace grapnel {

Fd make_memory_file(const char* name);   // empty, for writing; throws
void seal(int memory_file);              // throws
Fd sealed_file(std::string_view bytes);

bool is_sealed(int descriptor);   // false too for what is no memory file

}
