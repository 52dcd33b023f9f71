// Stream sockets of this machine, by path: made by daemons, found by everybody.
#pragma once

#include "base/sys/fd.hpp"

#include <optional>
#include <string>
#include <string_view>

#include <sys/types.h>

namespace grapnel {

// Made anew, non-blocking, open to everybody: who may say what is asked of the peer. Throws.
Fd listen_locally(const std::string& path, int waiting_connections);
// nullopt: nobody listens there, or too many wait. Non-blocking.
std::optional<Fd> connect_locally(const std::string& path);

// While nobody serves it: who waits there is sent refusal, and from now on connect_locally finds
// nobody, until open_listener. path: where it is bound.
void shut_listener(int listener, const std::string& path, std::string_view refusal);
void open_listener(int listener, int waiting_connections);

bool is_listening(int descriptor);
// Who connected, or made the pair (SO_PEERCRED); nullopt where that cannot be known.
std::optional<uid_t> peer_user(int socket);

}
