// What is to be done when: the heaps of qmail-send and the clock that they go by.
#pragma once

#include "base/sys/clock.hpp"
#include "queue/records.hpp"
#include "send/schedule.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <functional>

namespace grapnel::send {

inline constexpr Due retry_trouble = 123'000;   // after a failed stat, open, unlink
inline constexpr Due look_at_held_after = 3600'000;

class Agenda {
public:
    explicit Agenda(const Clock& clock)
        : clock_(clock), wall_at_start_(clock.now()), steady_at_start_(clock.steady())
    {
    }

    // Wall time as it would be had the wall clock not been set since the start.
    Due now() const
    {
        const auto passed = clock_.steady() - steady_at_start_;
        return wall_at_start_ * 1000 +
               std::chrono::duration_cast<std::chrono::milliseconds>(passed).count();
    }
    std::time_t wall_now() const { return clock_.now(); }
    std::int64_t wall_milliseconds() const { return now() + jumped() * 1000; }
    Due due_at(std::time_t wall) const { return (wall - jumped()) * 1000; }
    std::time_t wall_at(Due due) const { return due / 1000 + jumped(); }
    std::chrono::steady_clock::time_point moment_of(Due due) const
    {
        return steady_at_start_ + std::chrono::milliseconds(due - wall_at_start_ * 1000);
    }

    DueHeap& of(queue::Channel channel)
    {
        return channel == queue::Channel::local ? local : remote;
    }

    const DueHeap& of(queue::Channel channel) const
    {
        return channel == queue::Channel::local ? local : remote;
    }

    // Not before that wall time. Looked at each hour, in case the clock was wrong, and is set.
    void add_held(queue::Channel channel, std::time_t until, queue::MessageNumber n)
    {
        of(channel).add(std::min(due_at(until), now() + look_at_held_after), n);
    }

    DueHeap local, remote;   // local/S/N, remote/S/N to be opened
    DueHeap done;            // info without local and remote, most probably
    DueHeap unknown;         // their files could not be looked at

private:
    // By how many seconds the wall clock was set; 0 while the two clocks agree.
    std::time_t jumped() const { return (wall_now() * 1000 - now()) / 1000; }

    const Clock& clock_;
    const std::time_t wall_at_start_;
    const std::chrono::steady_clock::time_point steady_at_start_;
};

}
