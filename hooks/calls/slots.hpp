// How many calls a scanner has at once, and how many wait for their turn, first come first served
// (C70). What is taken from it must be given back before it goes.
#pragma once

#include "base/net/timer.hpp"

#include <cstddef>
#include <list>
#include <utility>

namespace grapnel::hooks {

class Slots {
public:
    Slots(net::Executor executor, std::size_t most, std::size_t most_waiting)
        : executor_(std::move(executor)), most_(most), most_waiting_(most_waiting)
    {
    }
    Slots(const Slots&) = delete;
    Slots& operator=(const Slots&) = delete;

    // Held by a call; given back where it ends.
    class Slot {
    public:
        Slot() = default;
        explicit Slot(Slots& of) : of_(&of) {}
        Slot(Slot&& other) noexcept : of_(std::exchange(other.of_, nullptr)) {}
        Slot& operator=(Slot&&) = delete;
        ~Slot()
        {
            if (of_) of_->give_back();
        }
        explicit operator bool() const { return of_ != nullptr; }

    private:
        Slots* of_ = nullptr;
    };

    // None: too many wait, or the moment came first.
    boost::asio::awaitable<Slot> take(net::Moment deadline);
    bool crowded() const { return taken_ >= most_ && waiting_.size() >= most_waiting_; }
    std::size_t taken() const { return taken_; }
    std::size_t waiting() const { return waiting_.size(); }

private:
    class Place;
    struct Waiter {
        net::Timer timer;
        bool given = false;
    };
    void give_back();

    net::Executor executor_;
    std::size_t most_, most_waiting_, taken_ = 0;
    std::list<Waiter> waiting_;
};

}
