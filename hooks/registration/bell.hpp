// Rings for all who wait: something has changed, look again.
#pragma once

#include "base/net/timer.hpp"

#include <list>

namespace grapnel::hooks {

class Bell {
public:
    explicit Bell(net::Executor executor) : executor_(std::move(executor)) {}
    Bell(const Bell&) = delete;
    Bell& operator=(const Bell&) = delete;

    // Until it rings or the moment comes. The bell must stay until then.
    boost::asio::awaitable<void> wait_until(net::Moment moment);
    void ring();

private:
    net::Executor executor_;
    std::list<net::Timer*> waiting_;
};

}
