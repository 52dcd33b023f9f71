// A notice before it is sent, for scanners to read: in a file without a name, which nobody else can
// open, and which is not flushed, because it promises nothing.
#pragma once

#include "base/net/loop.hpp"
#include "base/sys/fd.hpp"
#include "send/bounce.hpp"

#include <string>

namespace grapnel::send {

// For reading, from its beginning. Others have their turn while it is written. Throws system_error.
boost::asio::awaitable<Fd> write_draft(Notice notice, std::string bounce_file,
                                       std::string message_file);

}
