#include "support/ports.hpp"

#include "base/sys/error.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <mutex>
#include <random>
#include <string>
#include <vector>

namespace grapnel::test {

namespace {

sockaddr_in loopback(Port port)
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
}

Fd tcp_socket()
{
    Fd made(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!made) throw_errno("make a socket");
    return made;
}

bool bind_to(int socket, Port port)
{
    const auto address = loopback(port);
    return ::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

// A name in the abstract namespace of sockets: held as long as the descriptor, and no file is left
// behind.
Fd claim(Port port)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string name = "grapnel-test-port-" + std::to_string(port);
    name.copy(address.sun_path + 1, sizeof address.sun_path - 2);
    const auto size = offsetof(sockaddr_un, sun_path) + 1 + name.size();
    Fd made(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::bind(made.get(), reinterpret_cast<const sockaddr*>(&address),
               static_cast<socklen_t>(size)) != 0)
        made.reset();
    return made;
}

}

Port free_port()
{
    // Below Linux's range for outgoing connections, so that none of those takes it meanwhile.
    static std::mutex mutex;
    static std::minstd_rand random(std::random_device{}());
    static std::vector<Fd> kept;
    const std::lock_guard guard(mutex);
    for (int tries = 0; tries < 1000; ++tries) {
        const auto port = static_cast<Port>(20000 + random() % 12000);
        Fd lock = claim(port);
        if (!lock) continue;
        if (!bind_to(tcp_socket().get(), port)) continue;
        kept.push_back(std::move(lock));
        return port;
    }
    throw_error(EADDRINUSE, "find a free port");
}

Fd listen_on_loopback(Port port)
{
    Fd made = tcp_socket();
    const int on = 1;
    ::setsockopt(made.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (!bind_to(made.get(), port)) throw_errno("bind to port", std::to_string(port));
    if (::listen(made.get(), 128) != 0) throw_errno("listen");
    return made;
}

Port port_of(int socket)
{
    sockaddr_in address{};
    socklen_t size = sizeof address;
    if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0)
        throw_errno("getsockname");
    return ntohs(address.sin_port);
}

Fd connect_to(Port port, milliseconds limit)
{
    Fd connected;
    int error = 0;
    const auto address = loopback(port);
    const bool good = wait_until(
        [&] {
            connected = tcp_socket();
            error = 0;
            if (::connect(connected.get(), reinterpret_cast<const sockaddr*>(&address),
                          sizeof address) != 0)
                error = errno;
            return error == 0;
        },
        limit);
    if (!good) throw_error(error, "connect to port", std::to_string(port));
    return connected;
}

bool readable(int descriptor, milliseconds limit)
{
    pollfd entry{descriptor, POLLIN, 0};
    return ::poll(&entry, 1, static_cast<int>(limit.count())) > 0;
}

}
