// What became of a recipient is written down: on file, a failure's paragraph first and durably; or
// in memory, for a message that is tried straight from todo. At the end of a job its message goes
// back on the agenda, or on to its end.
#pragma once

#include "queue/records.hpp"
#include "queue/spool.hpp"
#include "send/agenda.hpp"
#include "send/config.hpp"
#include "send/first_attempt.hpp"
#include "send/jobs.hpp"
#include "send/log.hpp"
#include "send/marks.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace grapnel::send {

struct Result {
    queue::MessageNumber message;
    queue::Channel channel;
    std::uint64_t offset;   // of the recipient's record
    std::string recipient;
    bool failed;   // and his sender is told
    std::string report;
};

class Results {
public:
    Results(const queue::Spool& spool, Agenda& agenda, Marks& marks, FirstAttempts& first,
            const Config& config, Log& log)
        : spool_(spool), agenda_(agenda), marks_(marks), first_(first), config_(config), log_(log)
    {
    }

    // done: he is not tried again. to_do: he is. not_yet: the disk is full; to be tried again soon.
    enum class Written { done, to_do, not_yet };
    Written write(const Result& result);
    void deferred(queue::MessageNumber n);
    // Of a message that is tried straight from todo: scanners hear of it when the message is on
    // file, or gone. Else it is given back.
    std::optional<EndedAttempt> keep(EndedAttempt attempt);
    // The last one to let go of a job puts its message, which is on file, back on the agenda, or on
    // to its end.
    void let_go(Jobs& jobs, std::size_t number)
    {
        if (--jobs[number].holders == 0) ended(jobs.take(number));
    }

    // Nothing is written down any more but marks: no flush can be relied on.
    void give_up_flushing() { broken_ = true; }

private:
    void ended(const Job& job);
    Written write_to_file(const Result& result);
    std::string paragraph(const Result& result) const;

    const queue::Spool& spool_;
    Agenda& agenda_;
    Marks& marks_;
    FirstAttempts& first_;
    const Config& config_;
    Log& log_;
    bool broken_ = false;
};

}
