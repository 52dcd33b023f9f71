#include "send/hold_desk.hpp"

#include "base/net/descriptor.hpp"
#include "base/net/timer.hpp"
#include "base/net/within.hpp"
#include "base/sys/local_socket.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <string>
#include <system_error>
#include <utility>

namespace grapnel::send {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

constexpr unsigned most_callers = 8;
constexpr int waiting_callers = 16;
constexpr auto line_limit = 10s, rest = 1s;   // rest: where nobody can be let in

bool may_ask(int caller)
{
    const auto user = peer_user(caller);
    return user && (*user == 0 || *user == ::geteuid());
}

asio::awaitable<std::string> read_line(net::Descriptor& from)
{
    std::array<char, longest_hold_line> buffer;
    std::string bytes;
    while (bytes.find('\n') == std::string::npos && bytes.size() < longest_hold_line) {
        const auto count = co_await from.read_some(buffer.data(), longest_hold_line - bytes.size());
        if (count == 0) break;
        bytes.append(buffer.data(), count);
    }
    const auto end = bytes.find('\n');
    co_return end == std::string::npos ? std::string() : bytes.substr(0, end);
}

}

Fd open_hold_desk()
{
    try {
        return listen_locally(hold_socket, waiting_callers);
    } catch (const std::system_error&) {
        return {};
    }
}

HoldDesk::HoldDesk(net::Executor executor, Fd listener, Obey obey)
    : executor_(std::move(executor)), listener_(std::move(listener)), obey_(std::move(obey))
{
}

asio::awaitable<void> HoldDesk::run()
{
    while (listener_) {
        co_await net::readable(listener_.get());
        Fd caller(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (caller && callers_ < most_callers && may_ask(caller.get()))
            admit(std::move(caller));
        else
            co_await net::sleep_for(caller ? 0s : rest);
    }
}

void HoldDesk::admit(Fd caller)
{
    ++callers_;
    // Who says nothing, or leaves, is forgotten.
    net::start(executor_, serve(std::move(caller)),
               [this](const std::exception_ptr&) { --callers_; });
}

asio::awaitable<void> HoldDesk::serve(Fd caller)
{
    net::Descriptor socket(executor_, std::move(caller));
    auto reading = read_line(socket);
    const std::string line = co_await net::within(line_limit, std::move(reading));
    const auto request = decode_hold_request(line);
    const auto answer = encode_hold_answer(
        request ? obey_(*request) : grapnel::Result<>(permanent("no such request")));
    auto writing = socket.write_all(answer);
    co_await net::within(line_limit, std::move(writing));
}

}
