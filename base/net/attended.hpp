// Work done for somebody at the other end of a stream, who cannot be told anything meanwhile: given
// up when he leaves. Not for streams on which the work itself reads or writes.
#pragma once

#include "base/net/stream.hpp"

namespace grapnel::net {

// Where he has left: ECONNRESET, and where the stream was interrupted: Interrupted, once the work,
// which is cancelled, has ended. The stream's deadline does not count meanwhile.
asio::awaitable<void> attended(Stream& stream, asio::awaitable<void> work);

}
