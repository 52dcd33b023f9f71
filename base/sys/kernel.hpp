// What this kernel can be relied on for.
#pragma once

#include <string>

namespace grapnel {

// Version of Landlock's interface; negative where there is none.
long landlock_abi();

// For the log of daemons: which of the means of confine() are not to be had; "" where all are.
std::string missing_protection();

// syncfs tells of write errors since Linux 5.8; before, only fsync of each file does.
bool syncfs_tells_errors();

}
