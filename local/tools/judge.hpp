// A program is asked about the message: for the tools that stand before a delivery.
#pragma once

#include <string>
#include <vector>

namespace grapnel::local {

// Runs words[0] (sought in PATH) with our descriptors. True: it ended with 0; false: with any other
// code but 111. Throws Stop 111 for that one, and where it crashed.
bool approves(const std::vector<std::string>& words);

}
