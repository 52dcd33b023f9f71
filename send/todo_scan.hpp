// Watches the trigger and the clock, and takes what lies in todo, some messages at a time so that
// deliveries go on beside it.
#pragma once

#include "base/net/timer.hpp"
#include "queue/trigger.hpp"
#include "send/intake.hpp"

#include <functional>
#include <vector>

namespace grapnel::send {

class TodoScan {
public:
    // changed is called when messages were taken, or the scan has become idle.
    TodoScan(net::Executor executor, Intake& intake, Log& log, std::function<void()> changed);

    boost::asio::awaitable<void> run();             // until end(); throws Broken
    boost::asio::awaitable<void> watch_trigger();   // for ever
    void end();
    bool is_idle() const { return at_rest_; }

private:
    boost::asio::awaitable<void> scan();
    boost::asio::awaitable<void> wait();
    std::vector<queue::MessageNumber> look();

    Intake& intake_;
    Log& log_;
    std::function<void()> changed_;
    queue::Trigger trigger_;
    net::Timer timer_, reopened_;
    bool pulled_ = false, at_rest_ = false, ending_ = false, listed_ = false;
};

}
