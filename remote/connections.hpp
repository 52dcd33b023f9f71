// Connections that took a message and may take the next one to the same host, kept for a moment
// where there is a stream of messages to it; a lone message's connection ends at once. Used by one
// worker, in one loop.
#pragma once

#include "base/net/loop.hpp"
#include "base/net/stream.hpp"
#include "base/net/timer.hpp"
#include "remote/smtp_dialogue.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace grapnel::remote {

class Connections {
public:
    struct Kept {
        net::Stream stream;
        SmtpSession session;
    };

    explicit Connections(net::Executor executor) : timer_(std::move(executor)) {}
    ~Connections();   // QUIT to all

    // A delivery to host begins. host: all that another delivery must have in common with the
    // one that made the connection.
    std::optional<Kept> take(const std::string& host);
    // A delivery to it has ended well. False: kept stays with the caller.
    bool keep(const std::string& host, Kept& kept);

    boost::asio::awaitable<void> run();   // ends those that nobody took, for ever

private:
    using Clock = std::chrono::steady_clock;
    struct Idle {
        Kept kept;
        Clock::time_point limit;
    };
    struct Host {
        Clock::time_point last{}, before{};   // when deliveries to it began
        std::vector<Idle> idle = {};          // the oldest first
    };
    void sweep();

    std::map<std::string, Host> hosts_;
    std::size_t count_ = 0;
    net::Timer timer_;
    Clock::time_point next_sweep_ = Clock::time_point::max();
};

}
