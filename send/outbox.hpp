// Bytes on their way into a pipe: what does not go at once follows when there is room.
#pragma once

#include "base/net/descriptor.hpp"
#include "base/net/timer.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace grapnel::send {

class Outbox {
public:
    // sent is called whenever what had to wait has gone.
    Outbox(net::Executor executor, Fd descriptor, std::function<void()> sent);

    void write(std::string_view bytes);   // throws system_error where the reader is lost
    bool is_empty() const { return waiting_.empty(); }
    // Writes what waits, for ever. Throws where the reader is lost.
    boost::asio::awaitable<void> run();
    void close() { descriptor_.close(); }

private:
    net::Descriptor descriptor_;
    net::Timer timer_;
    std::string waiting_;
    std::function<void()> sent_;
};

}
