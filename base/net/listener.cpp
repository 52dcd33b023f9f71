#include "base/net/listener.hpp"

#include "base/sys/error.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cerrno>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace grapnel::net {

namespace {

constexpr int backlog = 4096;   // the kernel cuts it at net.core.somaxconn

void switch_on(int socket, int level, int option)
{
    const int on = 1;
    if (::setsockopt(socket, level, option, &on, sizeof on) != 0)
        throw_errno("unable to set up a socket");
}

sockaddr* as_address(sockaddr_storage& room)
{
    return static_cast<sockaddr*>(static_cast<void*>(&room));
}

}

Fd open_listener(const Endpoint& endpoint)
{
    const int family = endpoint.address.is_v6() ? AF_INET6 : AF_INET;
    Fd socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket) throw_errno("unable to make a socket for", endpoint.text());
    switch_on(socket.get(), SOL_SOCKET, SO_REUSEADDR);
    switch_on(socket.get(), SOL_SOCKET, SO_REUSEPORT);
    if (family == AF_INET6) switch_on(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY);
    switch_on(socket.get(), IPPROTO_TCP, TCP_NODELAY);   // what is accepted inherits it
    auto raw = to_socket_address(endpoint);
    const auto* address = static_cast<const sockaddr*>(static_cast<const void*>(raw.data()));
    if (::bind(socket.get(), address, static_cast<socklen_t>(raw.size())) != 0)
        throw_errno("unable to bind", endpoint.text());
    if (::listen(socket.get(), backlog) != 0) throw_errno("unable to listen on", endpoint.text());
    return socket;
}

Endpoint bound_to(int socket)
{
    sockaddr_storage room{};
    socklen_t size = sizeof room;
    if (::getsockname(socket, as_address(room), &size) != 0)
        throw_errno("unable to ask for an address");
    return from_socket_address(as_address(room)).value_or(Endpoint());
}

struct Acceptor::State {
    State(const Executor& executor, Fd socket) : listener(executor, socket.release()) {}
    boost::asio::posix::stream_descriptor listener;
};

Acceptor::Acceptor(Executor executor, Fd listener)
    : state_(std::make_unique<State>(executor, std::move(listener)))
{
}
Acceptor::Acceptor(Acceptor&&) noexcept = default;
Acceptor::~Acceptor() = default;

std::optional<Accepted> Acceptor::accept_now()
{
    if (!state_->listener.is_open()) return Accepted{Fd(), {}, {}, ECANCELED};
    sockaddr_storage room{};
    socklen_t size = sizeof room;
    Fd socket(::accept4(state_->listener.native_handle(), as_address(room), &size,
                        SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket) {
        const int error = errno;
        if (error == EAGAIN || error == EWOULDBLOCK) return std::nullopt;
        return Accepted{Fd(), {}, {}, error};
    }
    const auto remote = from_socket_address(as_address(room));
    const auto local = bound_to(socket.get());
    return Accepted{std::move(socket), remote.value_or(Endpoint()), local, 0};
}

boost::asio::awaitable<Accepted> Acceptor::accept()
{
    for (;;) {
        auto now = accept_now();
        // What the client did to the connection while it waited is no news of ours.
        if (now && now->error != ECONNABORTED && now->error != EINTR && now->error != EPROTO)
            co_return std::move(*now);
        if (now) continue;
        boost::system::error_code error;
        auto token = boost::asio::redirect_error(boost::asio::use_awaitable, error);
        co_await state_->listener.async_wait(boost::asio::posix::descriptor_base::wait_read, token);
        if (error) co_return Accepted{Fd(), {}, {}, error.value()};
    }
}

void Acceptor::close()
{
    boost::system::error_code ignored;
    state_->listener.close(ignored);
}

}
