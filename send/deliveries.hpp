// Which recipient is handed to which spawner, and what follows from a report. Recipients come out
// of the files of messages that are due (backlog); or, before there are files, with a message that
// is tried straight from todo.
#pragma once

#include "queue/spool.hpp"
#include "send/agenda.hpp"
#include "send/asked_domains.hpp"
#include "send/backlog.hpp"
#include "send/channel.hpp"
#include "send/config.hpp"
#include "send/jobs.hpp"
#include "send/log.hpp"
#include "send/message_records.hpp"
#include "send/recipients.hpp"
#include "send/results.hpp"
#include "send/review.hpp"
#include "send/sorted.hpp"

#include <array>
#include <cstdint>
#include <ctime>
#include <deque>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

namespace grapnel::send {

class Deliveries {
public:
    Deliveries(Channel& local, Channel& remote, const queue::Spool& spool, Agenda& agenda,
               MessageRecords& records, Results& results, Review& review, const Config& config,
               Log& log);

    // Whether all of these recipients can be started at once.
    enum class Room { now, later, never };
    Room room_for(const Sorted& message);
    // Only where there is room now. The jobs stay until they are released or dropped.
    std::vector<std::size_t> begin(queue::MessageNumber n, const Sorted& message,
                                   std::time_t birth);
    // Starts no more of them.
    void suspend(const std::vector<std::size_t>& jobs)
    {
        for (const auto job : jobs) jobs_[job].suspended = true;
    }
    // The message is on file now, like any other.
    void release(const std::vector<std::size_t>& jobs)
    {
        for (const auto job : jobs) results_.let_go(jobs_, job);
    }
    // All of it is delivered, and there is no file.
    void drop(const std::vector<std::size_t>& jobs)
    {
        for (const auto job : jobs) jobs_.take(job);
    }

    // On file, and never tried.
    void add(queue::Channel channel, queue::MessageNumber n, const Sorted& message)
    {
        side(channel).backlog.add(n, message);
    }

    // Scanners hear of these now; info: of the message they belong to.
    void review(std::vector<EndedAttempt> attempts, const MessageInfo& info);

    // Starts what can be started; false: nothing more can, for now.
    bool advance();
    void report(queue::Channel channel, const queue::Report& report);
    // Results that could not be written down (a full disk) are tried again when due, or now.
    void write_held(bool now);

    void make_all_due();   // SIGALRM

    // Of ETRN (hastening). Those that are tried now are tried once more, where that fails.
    AskedDomains& asked_domains() { return asked_domains_; }
    std::vector<queue::MessageNumber> remote_under_way() const
    {
        return jobs_.messages(queue::Channel::remote);
    }
    bool has_remote_in_line() { return sides_[1].backlog.fairness().waiting() > 0; }
    void hasten_remote(const std::unordered_set<queue::MessageNumber>& messages);

    // Recorded first: those whose attempts run now are not tried again after a crash.
    void cancel(queue::MessageNumber n);

    // Starts nothing any more.
    void end() { ending_ = true; }

    // When advance() or write_held() has work again.
    std::optional<Due> next_due() const;
    bool all_ended() const;
    void log_status();

private:
    struct Pass {
        std::size_t job;
        Recipients recipients;
    };
    struct Side {
        Channel& channel;
        Backlog backlog;
        std::deque<Pass> first = {};   // from memory: a slot is promised to each recipient
        std::size_t promised = 0;
        std::size_t in_a_row = 0;   // promises made while files waited
    };
    struct Held {
        Delivery delivery;
        Fate fate;
        std::string report;
        Due due;
    };

    Side& side(queue::Channel channel) { return sides_[channel == queue::Channel::local ? 0 : 1]; }
    bool may_begin(Side& side, const Sorted& message);
    bool advance(Side& side);
    bool advance_first(Side& side);
    void start(Side& side, std::size_t job, const queue::ChannelRecord& record);
    EndedAttempt ended(const Delivery& delivery, const Job& job, char letter,
                       const std::string& report) const;
    void settle(const Delivery& delivery, Fate fate, const std::string& report);
    void settle_undecided(EndedAttempt attempt);
    void decided(const EndedAttempt& attempt, const Verdict& verdict);
    void try_again(const EndedAttempt& attempt, const Standing& standing);
    void note(const EndedAttempt& attempt, const Standing& standing);

    const queue::Spool& spool_;
    Agenda& agenda_;
    MessageRecords& records_;
    Results& results_;
    Review& review_;
    const Config& config_;
    Log& log_;
    Jobs jobs_;
    AskedDomains asked_domains_;
    std::array<Side, 2> sides_;
    std::deque<Held> held_;
    std::uint64_t next_delivery_ = 1;
    bool ending_ = false;
};

}
