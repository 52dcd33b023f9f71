#include "base/net/attended.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cerrno>
#include <exception>
#include <memory>

namespace grapnel::net {

namespace {

// Shared with the stream's callback, which may come after the work has ended.
struct Attention {
    asio::cancellation_signal signal;
    bool left = false;
};

struct Ended {
    asio::cancellation_slot outer;
    ~Ended()
    {
        if (outer.is_connected()) outer.clear();
    }
};

}

asio::awaitable<void> attended(Stream& stream, asio::awaitable<void> work)
{
    if (stream.interrupted()) throw Interrupted();
    const auto executor = co_await asio::this_coro::executor;
    const auto state = co_await asio::this_coro::cancellation_state;
    const auto attention = std::make_shared<Attention>();
    stream.expires_at(SteadyClock::time_point::max());
    const auto call = stream.call_at_end([attention] {
        attention->left = true;
        attention->signal.emit(asio::cancellation_type::terminal);
    });
    const Ended ended{state.slot()};
    if (ended.outer.is_connected())   // whoever cancels us cancels the work
        state.slot().assign(
            [attention](asio::cancellation_type type) { attention->signal.emit(type); });
    auto token = asio::bind_cancellation_slot(attention->signal.slot(), asio::use_awaitable);
    std::exception_ptr trouble;
    try {
        co_await asio::co_spawn(executor, std::move(work), token);
    } catch (const std::exception&) {
        trouble = std::current_exception();
    }
    if (stream.interrupted()) throw Interrupted();
    if (attention->left)
        throw std::system_error(ECONNRESET, std::generic_category(), "the client has left");
    if (trouble) std::rethrow_exception(trouble);
}

}
