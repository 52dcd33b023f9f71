#include "queue/queued_socket.hpp"

#include "base/sys/local_socket.hpp"

#include <sys/socket.h>

namespace grapnel::queue {

namespace {
constexpr int waiting_connections = 4096;
}

std::string queued_path(const std::string& home) { return home + "/run/queued"; }

Fd listen_for_queued(const std::string& home)
{
    return listen_locally(queued_path(home), waiting_connections);
}

// A full backlog refuses who does not wait. One connection of our own fills the shortest; it stays
// there when we have hung up, and means nothing to who accepts it.
void shut_queued(int listener, const std::string& home, std::string_view refusal)
{
    ::listen(listener, 0);
    while (const Fd client{::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)})
        ::send(client.get(), refusal.data(), refusal.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    connect_to_queued(home);
}

void open_queued(int listener) { ::listen(listener, waiting_connections); }

std::optional<Fd> connect_to_queued(const std::string& home)
{
    return connect_locally(queued_path(home));
}

}
