// From whom a message is sent on: its sender, or, where control/srs_domain turns the Sender
// Rewriting Scheme on and he is not at a domain of ours, an address of ours that leads to him.
#pragma once

#include <string>

namespace grapnel {

// Throws Stop (111) where a control file cannot be read.
std::string forward_sender(const std::string& sender);

}
