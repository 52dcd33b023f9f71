#include "base/sys/local_socket.hpp"

#include "base/sys/error.hpp"
#include "base/sys/file.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

namespace grapnel {

namespace {

sockaddr_un address_of(const std::string& path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) throw_error(ENAMETOOLONG, "unable to use", path);
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

Fd local_socket()
{
    Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket) throw_errno("unable to make a socket");
    return socket;
}

}

Fd listen_locally(const std::string& path, int waiting_connections)
{
    const auto address = address_of(path);
    Fd socket = local_socket();
    remove_file(path);
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        throw_errno("unable to bind", path);
    if (::chmod(path.c_str(), 0666) != 0) throw_errno("unable to chmod", path);
    if (::listen(socket.get(), waiting_connections) != 0) throw_errno("unable to listen at", path);
    return socket;
}

std::optional<Fd> connect_locally(const std::string& path)
{
    if (path.size() >= sizeof(sockaddr_un::sun_path)) return std::nullopt;
    const auto address = address_of(path);
    Fd socket = local_socket();
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        return std::nullopt;
    return socket;
}

// A full backlog refuses who does not wait. One connection of our own fills the shortest; it stays
// there when we have hung up, and means nothing to who accepts it.
void shut_listener(int listener, const std::string& path, std::string_view refusal)
{
    ::listen(listener, 0);
    while (const Fd client{::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)})
        ::send(client.get(), refusal.data(), refusal.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    connect_locally(path);
}

void open_listener(int listener, int waiting_connections)
{
    ::listen(listener, waiting_connections);
}

bool is_listening(int descriptor)
{
    int value = 0;
    socklen_t size = sizeof value;
    return ::getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &value, &size) == 0 && value != 0;
}

std::optional<uid_t> peer_user(int socket)
{
    struct ucred about {};
    socklen_t size = sizeof about;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &about, &size) != 0) return std::nullopt;
    return about.uid;
}

}
