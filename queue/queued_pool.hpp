// Connections to qmail-queued that an event loop keeps from one message to the next. One message at
// a time uses one; as many are kept as were ever needed at once, up to a limit.
#pragma once

#include "base/net/stream.hpp"

#include <optional>
#include <string>
#include <vector>

namespace grapnel::queue {

class QueuedPool {
public:
    QueuedPool(net::asio::any_io_executor executor, std::string home)
        : executor_(std::move(executor)), home_(std::move(home))
    {
    }

    // One that is open still, else a new one; nullopt: qmail-queued does not run here.
    std::optional<net::Stream> take();
    void give_back(net::Stream stream);   // after an answer, and nothing behind it

private:
    net::asio::any_io_executor executor_;
    std::string home_;
    std::vector<net::Stream> idle_;
};

}
