#include "base/net/timer.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace grapnel::net {

namespace asio = boost::asio;

struct Timer::State {
    asio::steady_timer timer;
    bool called = false;
};

Timer::Timer(Executor executor)
    : state_(std::make_unique<State>(State{asio::steady_timer(std::move(executor))}))
{
}

Timer::~Timer() = default;
Timer::Timer(Timer&&) noexcept = default;

asio::awaitable<bool> Timer::wait_until(Moment moment)
{
    if (!state_->called) {
        boost::system::error_code ignored;
        state_->timer.expires_at(moment);
        auto token = asio::redirect_error(asio::use_awaitable, ignored);
        co_await state_->timer.async_wait(token);
    }
    co_return !std::exchange(state_->called, false);
}

asio::awaitable<void> Timer::wait()
{
    // g++ 12 goes astray where co_await stands in the condition of a loop.
    for (bool called = false; !called;) {
        const bool came = co_await wait_until(Moment::max());
        called = !came;
    }
}

void Timer::call()
{
    state_->called = true;
    state_->timer.cancel();
}

asio::awaitable<void> sleep_for(std::chrono::steady_clock::duration duration)
{
    const Executor executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor, duration);
    co_await timer.async_wait(asio::use_awaitable);
}

}
