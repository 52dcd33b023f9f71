// When message N is due again, and the heaps that say which one is next. Pure: the time is given.
// Due times are on the steady clock, so that a jump of the wall clock moves nothing; files hold
// wall time.
#pragma once

#include "queue/records.hpp"
#include "queue/spool.hpp"

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <unordered_set>
#include <vector>

namespace grapnel::send {

// After an attempt at time now: birth + (isqrt(age) + skip)^2, skip 10 local, 20 remote.
std::time_t next_attempt(std::time_t birth, std::time_t now, queue::Channel channel);

// Milliseconds of a clock that never jumps (agenda).
using Due = std::int64_t;

class DueHeap {
public:
    struct Entry {
        Due due;
        queue::MessageNumber message;
        auto operator<=>(const Entry&) const = default;
    };

    void add(Due due, queue::MessageNumber message);
    bool empty() const { return entries_.empty(); }
    std::size_t size() const { return entries_.size(); }
    const Entry& first() const { return entries_.front(); }   // not on an empty one
    bool is_due(Due now) const { return !empty() && first().due <= now; }
    Entry take();
    void make_all_due(Due now);
    void hasten(queue::MessageNumber message, Due due);   // then at the latest
    void hasten(const std::unordered_set<queue::MessageNumber>& messages, Due due);
    std::vector<queue::MessageNumber> later_than(Due due) const;

private:
    std::vector<Entry> entries_;
};

}
