#include "send/desk.hpp"

#include "base/net/descriptor.hpp"
#include "base/net/timer.hpp"
#include "base/net/within.hpp"
#include "base/sys/local_socket.hpp"

#include <sys/socket.h>

#include <array>
#include <chrono>
#include <string>
#include <system_error>
#include <utility>

namespace grapnel::send {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t longest_line = 512;
constexpr int waiting_callers = 16;
constexpr auto line_limit = 10s, rest = 1s;   // rest: where nobody can be let in

asio::awaitable<std::string> read_line(net::Descriptor& from)
{
    std::array<char, longest_line> buffer;
    std::string bytes;
    while (bytes.find('\n') == std::string::npos && bytes.size() < longest_line) {
        const auto count = co_await from.read_some(buffer.data(), longest_line - bytes.size());
        if (count == 0) break;
        bytes.append(buffer.data(), count);
    }
    const auto end = bytes.find('\n');
    co_return end == std::string::npos ? std::string() : bytes.substr(0, end);
}

}

Fd open_desk(const std::string& path)
{
    try {
        return listen_locally(path, waiting_callers);
    } catch (const std::system_error&) {
        return {};
    }
}

Desk::Desk(net::Executor executor, Fd listener, unsigned most, Admits admits, Reply reply)
    : executor_(std::move(executor)),
      listener_(std::move(listener)),
      most_(most),
      admits_(std::move(admits)),
      reply_(std::move(reply))
{
}

bool Desk::may_ask(int caller) const
{
    const auto user = peer_user(caller);
    return user && admits_(*user);
}

asio::awaitable<void> Desk::run()
{
    while (listener_) {
        co_await net::readable(listener_.get());
        Fd caller(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (caller && callers_ < most_ && may_ask(caller.get()))
            admit(std::move(caller));
        else
            co_await net::sleep_for(caller ? 0s : rest);
    }
}

void Desk::admit(Fd caller)
{
    ++callers_;
    // Who says nothing, or leaves, is forgotten.
    net::start(executor_, serve(std::move(caller)),
               [this](const std::exception_ptr&) { --callers_; });
}

asio::awaitable<void> Desk::serve(Fd caller)
{
    net::Descriptor socket(executor_, std::move(caller));
    auto reading = read_line(socket);
    std::string line = co_await net::within(line_limit, std::move(reading));
    const auto answer = co_await reply_(std::move(line));
    auto writing = socket.write_all(answer);
    co_await net::within(line_limit, std::move(writing));
}

}
