// Held mail as people and scripts are shown it. Pure.
#pragma once

#include "queue/quarantine.hpp"

#include <string>

namespace grapnel::queue {

std::string line_about(const HeldMail& mail);   // one line, with its LF
std::string json_about(const HeldMail& mail);   // one object, without a line end

// Several lines: what the envelope says, the records included.
std::string all_about(const HeldMail& mail);

}
