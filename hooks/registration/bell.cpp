#include "hooks/registration/bell.hpp"

namespace grapnel::hooks {

namespace {

// However the wait ends, nobody rings for it later.
struct Place {
    Place(std::list<net::Timer*>& among, net::Timer& timer)
        : all(among), at(all.insert(all.end(), &timer))
    {
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() { all.erase(at); }
    std::list<net::Timer*>& all;
    std::list<net::Timer*>::iterator at;
};

}

boost::asio::awaitable<void> Bell::wait_until(net::Moment moment)
{
    net::Timer timer(executor_);
    const Place place(waiting_, timer);
    const bool came = co_await timer.wait_until(moment);
    static_cast<void>(came);
}

void Bell::ring()
{
    for (auto* timer : waiting_) timer->call();
}

}
