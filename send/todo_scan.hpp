// Watches the trigger and the clock, and takes what lies in todo, some messages at a time so that
// deliveries go on beside it.
#pragma once

#include "base/net/timer.hpp"
#include "queue/trigger.hpp"
#include "send/agenda.hpp"
#include "send/cleaner.hpp"
#include "send/flusher.hpp"
#include "send/intake.hpp"

#include <functional>
#include <unordered_set>
#include <vector>

namespace grapnel::send {

class TodoScan {
public:
    // changed is called when a message has come onto the agenda, or the scan has become idle.
    TodoScan(net::Executor executor, Intake& intake, const Flusher& flusher, Agenda& agenda,
             Cleaner& cleaner, Log& log, std::function<void()> changed);

    boost::asio::awaitable<void> run();             // until end(); throws Broken
    boost::asio::awaitable<void> watch_trigger();   // for ever
    void end();
    bool is_idle() const { return at_rest_ && (asked_.empty() || !cleaner_.is_alive()); }

private:
    boost::asio::awaitable<void> scan();
    boost::asio::awaitable<void> wait();
    std::vector<queue::MessageNumber> look();
    void take(const std::vector<queue::MessageNumber>& numbers, std::size_t from, std::size_t to);
    void removed(Taken taken, char answer);

    Intake& intake_;
    const Flusher& flusher_;
    Agenda& agenda_;
    Cleaner& cleaner_;
    Log& log_;
    std::function<void()> changed_;
    queue::Trigger trigger_;
    net::Timer timer_, reopened_;
    bool pulled_ = false, at_rest_ = false, ending_ = false, listed_ = false;
    std::unordered_set<queue::MessageNumber> asked_;   // qmail-clean has not answered yet
};

}
