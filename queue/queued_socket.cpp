#include "queue/queued_socket.hpp"

#include "base/sys/local_socket.hpp"

namespace grapnel::queue {

namespace {
constexpr int waiting_connections = 4096;
}

std::string queued_path(const std::string& home) { return home + "/run/queued"; }

Fd listen_for_queued(const std::string& home)
{
    return listen_locally(queued_path(home), waiting_connections);
}

void shut_queued(int listener, const std::string& home, std::string_view refusal)
{
    shut_listener(listener, queued_path(home), refusal);
}

void open_queued(int listener) { open_listener(listener, waiting_connections); }

std::optional<Fd> connect_to_queued(const std::string& home)
{
    return connect_locally(queued_path(home));
}

}
