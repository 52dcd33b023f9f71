// A program delivery (qmail-command(8)): the shell runs a line of .qmail with the message on
// descriptor 0.
#pragma once

#include "base/sys/environment.hpp"

#include <string>

namespace grapnel::local {

enum class Afterwards { go_on, skip_the_rest };

// message: at its beginning. Throws Stop: 100 or 111 without words (the program said them), or
// "child crashed".
Afterwards run_command(const std::string& line, int message, const Environment& environment);

}
