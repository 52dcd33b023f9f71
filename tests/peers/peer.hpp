// Programs of others: where they lie, and how they are started from where scripts/peers has
// unpacked them.
#pragma once

#include <string>

namespace grapnel::test {

// "env LD_LIBRARY_PATH=… /path/of/PROGRAM", for a shell; "" where it is neither unpacked nor
// installed. `program` is a path below / or, without a slash, sought in usr/bin and usr/sbin.
std::string peer(const std::string& program);

// The file itself, the unpacked one first; "" where there is none.
std::string peer_file(const std::string& path);

}

#define SKIP_WITHOUT(what)                                                                         \
    if ((what).empty()) GTEST_SKIP() << "skipped: no " #what " (scripts/peers build/peers)"
