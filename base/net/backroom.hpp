// Long calculations, one after the other in a thread of their own, so that a loop which others wait
// for does not stand still for them. The thread is made for the first of them.
#pragma once

#include "base/net/timer.hpp"

#include <cstddef>
#include <functional>
#include <memory>

namespace grapnel::net {

class Backroom {
public:
    static constexpr std::size_t usual_most_waiting = 256;

    explicit Backroom(Executor executor, std::size_t most_waiting = usual_most_waiting);
    Backroom(const Backroom&) = delete;
    Backroom& operator=(const Backroom&) = delete;
    ~Backroom();   // waits for the one that is being done; what waits is dropped

    // work owns what it needs, and shares it with nobody in the loop who does not wait for it: its
    // asker may be cancelled while it runs. What it throws comes out here. False: too many wait, it
    // has not been done by the deadline, or there is no thread to be had.
    boost::asio::awaitable<bool> run(std::function<void()> work, Moment deadline);

private:
    struct Job;
    struct State;
    std::unique_ptr<State> state_;
};

}
