#include "hooks/calls/slots.hpp"

namespace grapnel::hooks {

// In the line; where the wait ends otherwise, what was given meanwhile goes on to the next.
class Slots::Place {
public:
    explicit Place(Slots& slots)
        : slots_(slots),
          at_(slots.waiting_.insert(slots.waiting_.end(), Waiter{net::Timer(slots.executor_)}))
    {
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place()
    {
        const bool given = at_ != slots_.waiting_.end() && at_->given;
        if (at_ != slots_.waiting_.end()) slots_.waiting_.erase(at_);
        if (given) slots_.give_back();
    }

    Waiter& waiter() { return *at_; }
    Slot take()
    {
        slots_.waiting_.erase(std::exchange(at_, slots_.waiting_.end()));
        return Slot(slots_);
    }

private:
    Slots& slots_;
    std::list<Waiter>::iterator at_;
};

boost::asio::awaitable<Slots::Slot> Slots::take(net::Moment deadline)
{
    if (taken_ < most_) {
        ++taken_;
        co_return Slot(*this);
    }
    if (crowded()) co_return Slot();
    Place place(*this);
    const bool late = co_await place.waiter().timer.wait_until(deadline);
    if (late && !place.waiter().given) co_return Slot();
    co_return place.take();
}

// Who has waited longest gets it. Who has been given one stays in the line until it wakes.
void Slots::give_back()
{
    for (auto& waiter : waiting_) {
        if (waiter.given) continue;
        waiter.given = true;
        waiter.timer.call();
        return;
    }
    --taken_;
}

}
