#include "base/net/within.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <memory>

namespace grapnel::net {

namespace {

struct Limit {
    explicit Limit(const asio::any_io_executor& executor) : timer(executor) {}
    asio::steady_timer timer;
    asio::cancellation_signal signal;
    bool passed = false;
};

// Shared with the timer's callback, which may come after the work has ended.
std::shared_ptr<Limit> start(const asio::any_io_executor& executor, SteadyClock::duration length)
{
    auto limit = std::make_shared<Limit>(executor);
    limit->timer.expires_after(length);
    limit->timer.async_wait([limit](boost::system::error_code cancelled) {
        if (cancelled) return;
        limit->passed = true;
        limit->signal.emit(asio::cancellation_type::terminal);
    });
    return limit;
}

struct Stopped {
    std::shared_ptr<Limit> limit;
    asio::cancellation_slot outer;
    ~Stopped()
    {
        limit->timer.cancel();
        if (outer.is_connected()) outer.clear();
    }
};

// Whoever cancels us cancels the work.
void pass_on(asio::cancellation_slot outer, const std::shared_ptr<Limit>& limit)
{
    if (outer.is_connected())
        outer.assign([limit](asio::cancellation_type type) { limit->signal.emit(type); });
}

}

template <class T>
asio::awaitable<T> within(SteadyClock::duration length, asio::awaitable<T> work)
{
    const auto executor = co_await asio::this_coro::executor;
    const auto state = co_await asio::this_coro::cancellation_state;
    const auto limit = start(executor, length);
    const Stopped stopped{limit, state.slot()};
    pass_on(state.slot(), limit);
    auto token = asio::bind_cancellation_slot(limit->signal.slot(), asio::use_awaitable);
    try {
        co_return co_await asio::co_spawn(executor, std::move(work), token);
    } catch (const std::exception&) {
        if (limit->passed) throw TimedOut();
        throw;
    }
}

template asio::awaitable<void> within(SteadyClock::duration, asio::awaitable<void>);
template asio::awaitable<bool> within(SteadyClock::duration, asio::awaitable<bool>);
template asio::awaitable<std::string> within(SteadyClock::duration, asio::awaitable<std::string>);

}
