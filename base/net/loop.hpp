// The event loop of a program: one thread, one io_context, coroutines started in it by name.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <exception>
#include <functional>
#include <memory>

namespace grapnel::net {

using Executor = boost::asio::any_io_executor;

class Loop {
public:
    Loop();
    ~Loop();

    Executor executor();
    // Runs until stop(), or until nothing is left to wait for. What ended() throws comes out here.
    // May be called again.
    void run();
    void stop();
    void restart();   // after stop(): run() may be called again

private:
    struct State;
    std::unique_ptr<State> state_;
};

// Starts work beside the caller. ended is told how: null, or the exception.
void start(Executor executor, boost::asio::awaitable<void> work,
           std::function<void(std::exception_ptr)> ended);

// call(), from the loop, when what is ready now has had its turn.
void soon(Executor executor, std::function<void()> call);

// The loop that the asking coroutine runs in.
boost::asio::awaitable<Executor> this_executor();

// The others' turn; comes back when they have waited or ended.
boost::asio::awaitable<void> yield_turn();

// One coroutine on a loop of its own until it ends; what it throws comes out here.
void run_until_done(const std::function<boost::asio::awaitable<void>()>& work);

}
