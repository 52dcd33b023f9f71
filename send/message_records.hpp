// The extension records in info/S/N as they are now: what changes is kept here until the next
// flush, which writes the file anew beside the old one, makes it durable and renames it. Nobody
// ever sees half of it, and its time, the message's birth, stays.
#pragma once

#include "send/flusher.hpp"
#include "send/log.hpp"
#include "send/marks.hpp"
#include "send/message_info.hpp"
#include "send/schedule.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace grapnel::send {

class MessageRecords {
public:
    MessageRecords(const queue::Spool& spool, const Flusher& flusher, Marks& marks, Log& log)
        : spool_(spool), flusher_(flusher), marks_(marks), log_(log)
    {
    }

    // Until the next call here. Null: it cannot be read.
    const MessageInfo* read(queue::MessageNumber n);
    // False: it cannot be read, and nothing was changed.
    bool change(queue::MessageNumber n, Due now, const std::function<void(queue::Info&)>& how);
    // What was changed is on disk, but perhaps for the name.
    bool is_on_file(queue::MessageNumber n) const { return !changed_.contains(n); }
    // info/S/N is about to go.
    void forget(queue::MessageNumber n);

    std::optional<Due> flush_due() const { return due_; }
    // Before the marks' flush, which makes the new names durable. Throws Broken.
    void flush(Due now);

private:
    bool write(queue::MessageNumber n, const MessageInfo& info, Touched& touched);
    bool rename(queue::MessageNumber n, Due now);
    void trouble(queue::MessageNumber n);

    const queue::Spool& spool_;
    const Flusher& flusher_;
    Marks& marks_;
    Log& log_;
    std::map<queue::MessageNumber, MessageInfo> changed_;
    std::optional<std::pair<queue::MessageNumber, MessageInfo>> latest_;   // as it is on file
    std::optional<Due> due_;
};

}
