// A message that a client gave, made fit to be mapped: sealed, or a file with a name, or copied; or
// written down as it comes.
#pragma once

#include "base/net/stream.hpp"
#include "base/result.hpp"
#include "base/sys/fd.hpp"

#include <cstdint>
#include <string>

namespace grapnel::hooks {

// directory: where a copy may lie, without a name. Throws system_error where it is no file that can
// be read.
net::asio::awaitable<Fd> make_fit(Fd given, std::string directory);

// The next size octets of the client, in a file of our own. Failure: there is no room for them.
// Throws where he leaves before that.
net::asio::awaitable<Result<Fd>> receive_message(net::Stream& client, std::uint64_t size,
                                                 std::string directory);

}
