// Waiting for a moment, or for somebody's call, whichever comes first. Steady time: never jumps.
#pragma once

#include "base/net/loop.hpp"

#include <chrono>
#include <memory>

namespace grapnel::net {

using Moment = std::chrono::steady_clock::time_point;

// One coroutine waits, anyone calls. A call while nobody waits is kept for the next wait.
class Timer {
public:
    explicit Timer(Executor executor);
    ~Timer();
    Timer(Timer&&) noexcept;

    boost::asio::awaitable<bool>
    wait_until(Moment moment);             // true: the moment came; false: called
    boost::asio::awaitable<void> wait();   // for a call only
    void call();

private:
    struct State;
    std::unique_ptr<State> state_;
};

boost::asio::awaitable<void> sleep_for(std::chrono::steady_clock::duration duration);

}
