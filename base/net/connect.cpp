#include "base/net/connect.hpp"

#include "base/sys/error.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cerrno>
#include <cstring>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace grapnel::net {

namespace {

using Bytes = std::vector<std::uint8_t>;

const sockaddr* native(const Bytes& address)
{
    return static_cast<const sockaddr*>(static_cast<const void*>(address.data()));
}

Fd make_socket(int family, const Bytes* from)
{
    Fd socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket) throw_errno("unable to make a socket");
    const int on = 1;
    if (family != AF_UNIX) ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (from && ::bind(socket.get(), native(*from), static_cast<socklen_t>(from->size())) != 0)
        throw_errno("unable to bind the source address");
    return socket;
}

asio::awaitable<Stream> finish(Fd socket, Bytes address, SteadyClock::duration limit)
{
    const auto executor = co_await asio::this_coro::executor;
    const auto size = static_cast<socklen_t>(address.size());
    if (::connect(socket.get(), native(address), size) != 0) {
        if (errno != EINPROGRESS && errno != EINTR) throw_errno("unable to connect");
        // Shared with the timer's callback, which may come after us.
        const auto waiting =
            std::make_shared<asio::posix::stream_descriptor>(executor, socket.get());
        asio::steady_timer timer(executor, limit);
        timer.async_wait([waiting](boost::system::error_code cancelled) {
            if (!cancelled && waiting->is_open()) waiting->cancel();
        });
        boost::system::error_code error;
        auto token = asio::redirect_error(asio::use_awaitable, error);
        co_await waiting->async_wait(asio::posix::descriptor_base::wait_write, token);
        const bool in_time = timer.cancel() > 0;
        waiting->release();
        if (!in_time) throw TimedOut();
        if (error) throw_error(error.value(), "unable to connect");
        int failure = 0;
        socklen_t length = sizeof failure;
        if (::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &failure, &length) != 0)
            failure = errno;
        if (failure != 0) throw_error(failure, "unable to connect");
    }
    co_return Stream(executor, std::move(socket));
}

}

asio::awaitable<Stream> connect(Endpoint to, SteadyClock::duration limit,
                                std::optional<IpAddress> from)
{
    Bytes source;
    if (from) source = to_socket_address({*from, 0});
    Fd socket = make_socket(to.address.is_v6() ? AF_INET6 : AF_INET, from ? &source : nullptr);
    Bytes address = to_socket_address(to);
    return finish(std::move(socket), std::move(address), limit);
}

asio::awaitable<Stream> connect_local(std::string path, SteadyClock::duration limit)
{
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    if (path.size() >= sizeof name.sun_path)
        throw_error(ENAMETOOLONG, "unable to connect to", path);
    std::memcpy(name.sun_path, path.data(), path.size());
    Bytes address(sizeof name);
    std::memcpy(address.data(), &name, sizeof name);
    return finish(make_socket(AF_UNIX, nullptr), std::move(address), limit);
}

}
