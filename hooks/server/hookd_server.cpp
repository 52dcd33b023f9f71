#include "hooks/server/hookd_server.hpp"

#include "base/net/descriptor.hpp"
#include "base/net/signals.hpp"
#include "base/sys/limits.hpp"
#include "base/sys/local_socket.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <exception>
#include <optional>
#include <utility>

namespace grapnel::hooks {

using namespace std::chrono_literals;
using net::asio::awaitable;

namespace {

constexpr auto draining_limit = 65s;   // more than a call may take
constexpr std::size_t most_connections = 4000, most_of_a_uid = 50;
// Its socket, a message, and its changed form; a connection to a scanner.
constexpr std::size_t descriptors_each = 4, other_descriptors = 200;

}

HookdServer::HookdServer(net::Loop& loop, int listener, const KnownUsers& users,
                         HookdSurroundings surroundings)
    : loop_(loop),
      listener_(listener),
      users_(users),
      around_(std::move(surroundings)),
      most_(places_by_descriptors(most_connections, descriptors_each, other_descriptors)),
      all_left_(loop.executor())
{
}

int HookdServer::run()
{
    around_.scanners.reload();
    begin(accept());
    begin(await_signals());
    loop_.run();
    return 0;
}

void HookdServer::begin(awaitable<void> work)
{
    net::start(loop_.executor(), std::move(work), [this](std::exception_ptr trouble) {
        if (!trouble) return;
        try {
            std::rethrow_exception(trouble);
        } catch (const std::exception& error) {
            around_.log(error.what());
        }
    });
}

bool HookdServer::has_room(uid_t uid) const
{
    if (total_ >= most_) return false;
    if (standing(uid, users_) != Standing::stranger) return true;
    const auto found = of_uid_.find(uid);
    return found == of_uid_.end() || found->second < most_of_a_uid;
}

awaitable<void> HookdServer::accept()
{
    while (!ending_) {
        co_await net::readable(listener_);
        if (ending_) co_return;
        Fd socket(::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (!socket) {
            if (errno != EAGAIN) co_await net::sleep_for(100ms);
            continue;
        }
        const auto uid = peer_user(socket.get());
        if (!uid) continue;
        if (!has_room(*uid)) {
            const auto refusal = wire::encode(wire::Refused{"too many connections"});
            ::send(socket.get(), refusal.data(), refusal.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
            continue;
        }
        ++of_uid_[*uid];
        ++total_;
        begin(serve(std::move(socket), *uid));
    }
}

awaitable<void> HookdServer::serve(Fd socket, uid_t uid)
{
    std::optional<HookdConnection> connection;
    struct Left {
        HookdServer& server;
        uid_t uid;
        std::optional<HookdConnection>& connection;
        ~Left() { server.left(uid, connection ? &*connection : nullptr); }
    } const left{*this, uid, connection};
    connection.emplace(loop_.executor(), std::move(socket), standing(uid, users_), around_);
    connections_.insert(&*connection);
    co_await connection->serve();
}

void HookdServer::left(uid_t uid, HookdConnection* connection)
{
    connections_.erase(connection);
    --total_;
    if (--of_uid_[uid] == 0) of_uid_.erase(uid);
    if (total_ == 0) all_left_.call();
}

awaitable<void> HookdServer::await_signals()
{
    net::Signals signals(loop_.executor(), {SIGTERM, SIGINT, SIGHUP});
    for (;;) {
        const int number = co_await signals.next();
        if (number != SIGHUP) break;
        around_.log("control/hooks is read again");
        around_.scanners.reload();
    }
    co_await end();
    loop_.stop();
}

awaitable<void> HookdServer::end()
{
    ending_ = true;
    const auto until = net::SteadyClock::now() + draining_limit;
    const auto all = connections_;
    for (auto* connection : all) connection->end();
    while (total_ > 0 && net::SteadyClock::now() < until) co_await all_left_.wait_until(until);
    co_await around_.scanners.end();
}

}
