// The frame of a program: one catch block, one place where an exit code comes from.
#pragma once

#include <functional>
#include <string>

namespace grapnel {

// Thrown to end the program: exit code, and what is said on descriptor 2 (nothing when empty).
struct Stop {
    int exit_code = 111;
    std::string text = {};
};

// Runs body and returns its exit code. Stop: its code, after "NAME: TEXT" (just TEXT when name is
// empty). Any other exception: "NAME: fatal: WHAT", trouble (default 111).
int run(const std::string& name, const std::function<int()>& body, int trouble = 111);

}
