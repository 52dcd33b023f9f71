// What is to be done when: the heaps of qmail-send and the clock that they go by.
#pragma once

#include "base/sys/clock.hpp"
#include "queue/records.hpp"
#include "send/schedule.hpp"

#include <chrono>
#include <ctime>
#include <functional>

namespace grapnel::send {

inline constexpr Due retry_trouble = 123'000;   // after a failed stat, open, unlink

class Agenda {
public:
    explicit Agenda(const Clock& clock) : clock_(clock) {}

    Due now() const
    {
        const auto since = clock_.steady().time_since_epoch();
        return std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
    }
    std::time_t wall_now() const { return clock_.now(); }
    Due due_at(std::time_t wall) const { return now() + (wall - wall_now()) * 1000; }
    std::time_t wall_at(Due due) const { return wall_now() + (due - now()) / 1000; }

    DueHeap& of(queue::Channel channel)
    {
        return channel == queue::Channel::local ? local : remote;
    }

    const DueHeap& of(queue::Channel channel) const
    {
        return channel == queue::Channel::local ? local : remote;
    }

    DueHeap local, remote;   // local/S/N, remote/S/N to be opened
    DueHeap done;            // info without local and remote, most probably
    DueHeap unknown;         // their files could not be looked at

private:
    const Clock& clock_;
};

}
