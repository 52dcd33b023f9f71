// Work beside the caller that can be taken back: a call for somebody who may hang up meanwhile.
#pragma once

#include "base/net/loop.hpp"

#include <exception>
#include <functional>
#include <memory>

namespace grapnel::net {

class Task {
public:
    // ended: once, from the loop, however it ends: null, or the exception. The work and what it
    // refers to must stay until then, also when the Task has gone.
    Task(Executor executor, boost::asio::awaitable<void> work,
         std::function<void(std::exception_ptr)> ended);
    Task(Task&&) noexcept;
    ~Task();

    // The wait that is going on, and each later one, throws. Its end still comes later.
    void cancel();

private:
    struct State;
    std::shared_ptr<State> state_;   // shared with the work, which may end last
};

}
