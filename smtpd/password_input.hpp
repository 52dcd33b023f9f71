// A password from whoever types it, never from the command line: twice at a terminal that shows
// nothing of it, else one line of descriptor 0.
#pragma once

#include "base/net/secrets.hpp"
#include "base/result.hpp"

namespace grapnel::smtpd {

inline constexpr std::size_t longest_password = 1024;

// Failure: nothing, too long, or two that differ.
Result<net::Secret> read_password();

}
