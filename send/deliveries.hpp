// Which recipient is handed to which spawner, and what follows from a report. Recipients come out
// of the files of messages that are due, one file of each channel at a time, opened when a job is
// free (contract 5.6); or, before there are files, with a message that is tried straight from todo.
#pragma once

#include "queue/spool.hpp"
#include "send/agenda.hpp"
#include "send/channel.hpp"
#include "send/config.hpp"
#include "send/jobs.hpp"
#include "send/log.hpp"
#include "send/recipients.hpp"
#include "send/results.hpp"
#include "send/sorted.hpp"

#include <array>
#include <cstdint>
#include <ctime>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace grapnel::send {

class Deliveries {
public:
    Deliveries(Channel& local, Channel& remote, const queue::Spool& spool, Agenda& agenda,
               Results& results, const Config& config, Log& log);

    // Whether all of these recipients can be started at once.
    enum class Room { now, later, never };
    Room room_for(const Sorted& message) const;
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
        for (const auto job : jobs) let_go(job);
    }
    // All of it is delivered, and there is no file.
    void drop(const std::vector<std::size_t>& jobs)
    {
        for (const auto job : jobs) jobs_.take(job);
    }

    // Starts what can be started; false: nothing more can, for now.
    bool advance();
    void report(queue::Channel channel, const queue::Report& report);
    // Results that could not be written down (a full disk) are tried again when due, or now.
    void write_held(bool now);

    void make_all_due();   // SIGALRM

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
        std::deque<Pass> first = {};   // from memory: a slot is promised to each recipient
        std::optional<Pass> file = {};
        std::size_t promised = 0;
        std::size_t in_a_row = 0;   // promises made while files waited
    };
    struct Held {
        Delivery delivery;
        bool failed;
        std::string report;
        Due due;
    };

    Side& side(queue::Channel channel) { return sides_[channel == queue::Channel::local ? 0 : 1]; }
    bool waits(const Side& side) const;
    bool advance(Side& side);
    bool advance_first(Side& side);
    bool advance_file(Side& side);
    bool open_next(Side& side);
    void end_file(Side& side, bool read_to_end);
    void start(Side& side, std::size_t job, const queue::ChannelRecord& record);
    bool may_open() const;
    void let_go(std::size_t job);
    void settle(const Delivery& delivery, bool failed, const std::string& report);

    std::array<Side, 2> sides_;
    const queue::Spool& spool_;
    Agenda& agenda_;
    Results& results_;
    const Config& config_;
    Log& log_;
    Jobs jobs_;
    std::deque<Held> held_;
    std::uint64_t next_delivery_ = 1;
    bool ending_ = false;
};

}
