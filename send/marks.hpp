// What was done to the queue and is not durable yet: D marks, and names removed. Flushed in groups,
// 100 ms or 64 changes after the first (reliability: "Mark", "Eliminate").
#pragma once

#include "base/sys/fd.hpp"
#include "queue/records.hpp"
#include "queue/spool.hpp"
#include "send/flusher.hpp"
#include "send/schedule.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

namespace grapnel::send {

class Marks {
public:
    Marks(const queue::Spool& spool, const Flusher& flusher) : spool_(spool), flusher_(flusher) {}

    // D over T. Throws system_error where it cannot be written.
    void done(queue::Channel channel, queue::MessageNumber n, std::uint64_t offset, Due now);
    // The channel's file was removed: its last recipient is done.
    void finished(queue::Channel channel, queue::MessageNumber n, Due now);
    // info/S/N was written anew, and renamed.
    void renewed(queue::MessageNumber n, Due now);
    // info/S/N was removed: once that is durable, mess/S/N may go too.
    void eliminated(queue::MessageNumber n, Due now);
    // Likewise when todo/N was removed and there never was an info/S/N.
    void left_todo(queue::MessageNumber n, Due now);
    bool is_eliminated(queue::MessageNumber n) const { return eliminated_.contains(n); }

    std::optional<Due> flush_due() const { return due_; }
    bool is_full() const { return changes_ >= 64; }
    // Returns the messages whose mess/S/N may go now. Throws Broken.
    std::vector<queue::MessageNumber> flush();

private:
    void changed(Due now);

    const queue::Spool& spool_;
    const Flusher& flusher_;
    std::map<std::string, Fd> files_;
    std::set<std::string> directories_;
    std::unordered_set<queue::MessageNumber> eliminated_;
    std::optional<Due> due_;
    unsigned changes_ = 0;
};

// local/S/N or remote/S/N.
std::string channel_file(const queue::Spool& spool, queue::Channel channel, queue::MessageNumber n);

}
