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
#include "send/message_records.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::send {

enum class Fate { delivered, failed, dropped };   // dropped: and nobody is told

struct Result {
    queue::MessageNumber message;
    queue::Position position;
    std::uint64_t offset;   // of the recipient's record
    std::string recipient;
    Fate fate;
    std::string report = {};
    bool is_watched = false;   // his message's records say who is told of what
};

class Results {
public:
    // tell: a turn of deliveries is over, and there is something to be told of a message that
    // stays.
    using Tell = std::function<void(queue::MessageNumber n, std::vector<Outcome> delayed)>;
    Results(const queue::Spool& spool, Agenda& agenda, Marks& marks, MessageRecords& records,
            FirstAttempts& first, const Config& config, Log& log, Tell tell);

    // done: he is not tried again. to_do: he is. not_yet: the disk is full; to be tried again soon.
    enum class Written { done, to_do, not_yet };
    Written write(const Result& result);
    void deferred(queue::MessageNumber n);
    // He waits on: perhaps longer than his sender should have to go without a word.
    void note_delay(Job& job, std::size_t index, std::string_view recipient,
                    std::string_view report);
    // Of a message that is tried straight from todo: scanners hear of it when the message is on
    // file, or gone. Else it is given back.
    std::optional<EndedAttempt> keep(EndedAttempt attempt);
    // The records of a message, on file or not. Until the next call here; null: unreadable.
    const queue::Info* info_of(queue::MessageNumber n);
    // The last one to let go of a job puts its message, which is on file, back on the agenda, or on
    // to its end.
    void let_go(Jobs& jobs, std::size_t number)
    {
        if (--jobs[number].holders == 0) ended(jobs.take(number));
    }

    // Nothing is written down any more but marks: no flush can be relied on.
    void give_up_flushing() { broken_ = true; }

private:
    void ended(Job job);
    bool is_told(const Result& result);
    std::string outcome_line(const Result& result, bool failure_is_told);
    Written write_to_file(const Result& result, bool failure_is_told, const std::string& outcome);
    std::string paragraph(const Result& result) const;
    std::string_view shown(std::string_view recipient) const;

    const queue::Spool& spool_;
    Agenda& agenda_;
    Marks& marks_;
    MessageRecords& records_;
    FirstAttempts& first_;
    const Config& config_;
    Log& log_;
    Tell tell_;
    bool broken_ = false;
};

}
