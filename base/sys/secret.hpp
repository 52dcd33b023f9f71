// Passwords, keys and tokens do not stay in memory longer than they are needed.
#pragma once

#include <string>

namespace grapnel {

// Overwrites it, and empties it. Copies that were made before, and memory a string has outgrown,
// are their makers' affair.
void wipe(std::string& secret);

}
