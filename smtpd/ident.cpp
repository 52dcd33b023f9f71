#include "smtpd/ident.hpp"

#include "base/sys/fd.hpp"
#include "base/text.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace grapnel::smtpd {

namespace {

constexpr std::size_t longest_reply = 1024;
constexpr in_port_t ident_port = 113;

using Clock = std::chrono::steady_clock;

socklen_t size_of(const sockaddr_storage& address)
{
    return address.ss_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
}

in_port_t& port_of(sockaddr_storage& address)
{
    return address.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(address).sin6_port
                                         : reinterpret_cast<sockaddr_in&>(address).sin_port;
}

// False: the deadline came first.
bool wait_for(int descriptor, short events, Clock::time_point deadline)
{
    for (;;) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
        pollfd one{descriptor, events, 0};
        const int ready = ::poll(&one, 1, static_cast<int>(std::max<long long>(left, 0)));
        if (ready > 0) return true;
        if (ready == 0 || errno != EINTR) return false;
    }
}

bool connect_within(int descriptor, const sockaddr_storage& address, Clock::time_point deadline)
{
    if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), size_of(address)) == 0)
        return true;
    if (errno != EINPROGRESS || !wait_for(descriptor, POLLOUT, deadline)) return false;
    int error = 0;
    socklen_t length = sizeof error;
    return ::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error == 0;
}

std::string read_line(int descriptor, Clock::time_point deadline)
{
    std::string line;
    std::array<char, 256> piece{};
    while (line.size() < longest_reply && line.find('\n') == std::string::npos) {
        if (!wait_for(descriptor, POLLIN, deadline)) break;
        const auto count = ::read(descriptor, piece.data(), piece.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;
        line.append(piece.data(), static_cast<std::size_t>(count));
    }
    return line.substr(0, line.find('\n'));
}

}

std::optional<std::string> parse_ident(std::string_view reply, unsigned remote_port,
                                       unsigned local_port)
{
    reply = reply.substr(0, reply.find_first_of("\r\n"));
    const auto ports = take_until(reply, ':');
    const auto kind = take_until(reply, ':');
    const auto system = take_until(reply, ':');
    if (!ports || !kind || !system || trim(*kind) != "USERID") return std::nullopt;
    const auto pair = split(*ports, ',');
    if (pair.size() != 2 || parse_number(trim(pair[0])) != remote_port ||
        parse_number(trim(pair[1])) != local_port)
        return std::nullopt;
    const auto user = trim_left(reply);
    if (user.empty() || user.find('\0') != std::string_view::npos) return std::nullopt;
    return std::string(user);
}

std::optional<std::string> ask_ident(const sockaddr_storage& local, const sockaddr_storage& remote,
                                     std::chrono::seconds limit)
{
    const auto deadline = Clock::now() + limit;
    sockaddr_storage ours = local, theirs = remote;
    const unsigned local_port = ntohs(port_of(ours)), remote_port = ntohs(port_of(theirs));
    port_of(ours) = 0;
    port_of(theirs) = htons(ident_port);
    const Fd connection(::socket(local.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!connection) return std::nullopt;
    if (::bind(connection.get(), reinterpret_cast<const sockaddr*>(&ours), size_of(ours)) != 0)
        return std::nullopt;
    if (!connect_within(connection.get(), theirs, deadline)) return std::nullopt;
    const std::string question =
        std::to_string(remote_port) + " , " + std::to_string(local_port) + "\r\n";
    if (::send(connection.get(), question.data(), question.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(question.size()))
        return std::nullopt;
    return parse_ident(read_line(connection.get(), deadline), remote_port, local_port);
}

}
