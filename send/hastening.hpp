// ETRN's side in qmail-send: makes mail for a domain due that waits for its next attempt. Which
// messages those are is found out by reading their remote files, some in each turn of the loop, all
// requests of that time together.
#pragma once

#include "base/net/timer.hpp"
#include "queue/hasten_wire.hpp"
#include "send/agenda.hpp"
#include "send/deliveries.hpp"
#include "send/first_attempt.hpp"
#include "send/log.hpp"
#include "send/message_records.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

namespace grapnel::send {

class Hastening {
public:
    struct Shared {
        const queue::Spool& spool;
        Agenda& agenda;
        MessageRecords& records;
        FirstAttempts& first;
        Deliveries& deliveries;
        Log& log;
    };
    // changed is called when messages have become due.
    Hastening(net::Executor executor, Shared shared, std::function<void()> changed);

    // line: of queue/hasten_wire, and so is the answer. It comes within 20 seconds.
    boost::asio::awaitable<std::string> reply(std::string line);
    boost::asio::awaitable<void> run();   // for ever

private:
    struct Asked {
        queue::HastenRequest request;
        std::uint64_t messages = 0;
        bool over = false, exact = false;
        net::Timer timer;
    };
    // Of the walk, and of who waits for it, who may leave first.
    using Walk = std::vector<std::shared_ptr<Asked>>;
    using Numbers = std::unordered_set<queue::MessageNumber>;

    boost::asio::awaitable<queue::HastenAnswer> ask(queue::HastenRequest request);
    boost::asio::awaitable<void> walk();
    bool look_at(queue::MessageNumber n, const Walk& asked);
    void make_due(Numbers& found);

    net::Executor executor_;
    Shared shared_;
    std::function<void()> changed_;
    net::Timer timer_;
    Walk asked_;   // for the next walk
};

}
