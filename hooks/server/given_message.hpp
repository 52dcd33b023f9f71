// A message that a client gave, made fit to be mapped: sealed, or a file with a name, or copied.
#pragma once

#include "base/net/stream.hpp"
#include "base/sys/fd.hpp"

#include <string>

namespace grapnel::hooks {

// directory: where a copy may lie, without a name. Throws system_error where it is no file that can
// be read.
net::asio::awaitable<Fd> make_fit(Fd given, std::string directory);

}
