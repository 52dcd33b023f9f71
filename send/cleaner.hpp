// The connection to qmail-clean: requests go out as they come, answers return in the same order.
#pragma once

#include "base/net/descriptor.hpp"
#include "queue/spool.hpp"
#include "send/outbox.hpp"

#include <deque>
#include <functional>
#include <string>

namespace grapnel::send {

class Cleaner {
public:
    Cleaner(net::Executor executor, Fd to, Fd from);

    // request: "foop/N" or "todo/N". answered is told '+', or what else came. Nothing happens any
    // more once the connection is lost.
    void ask(const std::string& request, std::function<void(char)> answered);
    bool is_idle() const { return waiting_.empty(); }
    bool is_alive() const { return alive_; }

    // Ends when the connection is lost.
    boost::asio::awaitable<void> answers();
    boost::asio::awaitable<void> requests() { return outbox_.run(); }
    void lost();

private:
    Outbox outbox_;
    net::Descriptor from_;
    std::deque<std::function<void(char)>> waiting_;
    bool alive_ = true;
};

}
