#include "hooks/hookd_socket.hpp"

#include "base/sys/local_socket.hpp"
#include "hooks/wire/wire.hpp"

#include <sys/socket.h>

namespace grapnel::hooks {

namespace {
constexpr int waiting_connections = 4096;
}

std::string hookd_path(const std::string& home) { return home + "/run/hookd"; }

Fd listen_for_hookd(const std::string& home)
{
    return listen_locally(hookd_path(home), waiting_connections);
}

void shut_hookd(int listener, const std::string& home)
{
    const wire::Refused refusal{"qmail-hookd does not run"};
    shut_listener(listener, hookd_path(home), wire::encode(refusal));
}

void open_hookd(int listener) { open_listener(listener, waiting_connections); }

std::optional<Fd> connect_to_hookd(const std::string& home)
{
    return connect_locally(hookd_path(home));
}

void tell_to_reload(const std::string& home)
{
    const auto socket = connect_to_hookd(home);
    if (!socket) return;
    const std::string frame = wire::encode(wire::Reload());
    ::send(socket->get(), frame.data(), frame.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

}
