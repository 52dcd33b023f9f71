// A message appended to an mbox file (mbox(5)), under flock; a failure takes back what was written.
#pragma once

#include <string>
#include <string_view>

namespace grapnel::local {

// message: at its beginning. head: the "From " line and those of our own that follow it. Throws
// Stop(111).
void deliver_to_mbox(const std::string& path, int message, std::string_view head);

}
