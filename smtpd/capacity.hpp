// What the queue can take just now: room on its disk, how long commits take, how many messages wait
// for one, memory for messages on their way. Pure: somebody else measures.
#pragma once

#include "smtpd/answer.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>

namespace grapnel::smtpd {

struct DiskRoom {
    std::uint64_t free = 0, all = 0;           // bytes
    std::optional<std::uint64_t> files = {};   // that can still be made; nullopt: not counted there
};

struct QueueState {
    std::optional<DiskRoom> disk = {};   // nullopt: not known, and then no reason to refuse
    bool commits_are_slow = false;
    std::size_t waiting_here = 0;   // messages of this process that wait for their commit
    std::size_t waiting = 0, most_waiting = 1;   // in all workers
    std::size_t held = 0, most_held = 1;         // bytes of messages on their way
};

// What MAIL or DATA hears instead of success; nullopt: welcome. size: as the client declares it, 0
// where he does not.
std::optional<Answer> refusal(const QueueState& state, std::uint64_t size);

// How long the last twenty commits took; those that still wait count as soon as they are slow.
class CommitTimes {
public:
    using Moment = std::chrono::steady_clock::time_point;

    void begun(Moment when) { waiting_.insert(when); }
    void ended(Moment begun, Moment now);
    std::size_t waiting() const { return waiting_.size(); }

    // The slowest tenth took more than five seconds.
    bool are_slow(Moment now) const;

private:
    std::multiset<Moment> waiting_;
    std::deque<bool> was_slow_;   // the last first
};

}
