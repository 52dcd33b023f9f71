// A file that nobody else can open, gone with its last descriptor: for what is too large to be held
// in memory.
#pragma once

#include "base/sys/fd.hpp"

#include <string>

namespace grapnel {

Fd make_nameless_file(const std::string& directory);   // empty, for reading and writing; throws

}
