#include "base/net/loop.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <stdexcept>

namespace grapnel::net {

struct Loop::State {
    boost::asio::io_context context{1};
};

Loop::Loop() : state_(std::make_unique<State>()) {}

Loop::~Loop() = default;

Executor Loop::executor() { return state_->context.get_executor(); }

void Loop::run()
{
    state_->context.run();
    state_->context.restart();
}

void Loop::stop() { state_->context.stop(); }

void Loop::restart() { state_->context.restart(); }

void start(Executor executor, boost::asio::awaitable<void> work,
           std::function<void(std::exception_ptr)> ended)
{
    boost::asio::co_spawn(std::move(executor), std::move(work), std::move(ended));
}

void soon(Executor executor, std::function<void()> call)
{
    boost::asio::post(executor, std::move(call));
}

boost::asio::awaitable<Executor> this_executor()
{
    co_return co_await boost::asio::this_coro::executor;
}

boost::asio::awaitable<void> yield_turn()
{
    const auto executor = co_await boost::asio::this_coro::executor;
    co_await boost::asio::post(executor, boost::asio::use_awaitable);
}

void run_until_done(const std::function<boost::asio::awaitable<void>()>& work)
{
    Loop loop;
    std::exception_ptr trouble;
    bool done = false;
    start(loop.executor(), work(), [&](std::exception_ptr thrown) {
        trouble = thrown;
        done = true;
        loop.stop();
    });
    loop.run();
    if (trouble) std::rethrow_exception(trouble);
    if (!done) throw std::logic_error("the event loop ran dry");
}

}
