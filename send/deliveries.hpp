// Which recipient is handed to which spawner, and what a report does to the queue. One file of each
// channel is read at a time; a message is opened when it is due and a job is free (contract 5.6).
#pragma once

#include "queue/spool.hpp"
#include "send/agenda.hpp"
#include "send/channel.hpp"
#include "send/config.hpp"
#include "send/log.hpp"
#include "send/marks.hpp"
#include "send/recipient_file.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace grapnel::send {

class Deliveries {
public:
    Deliveries(Channel& local, Channel& remote, const queue::Spool& spool, Agenda& agenda,
               Marks& marks, const Config& config, Log& log);

    // Starts what can be started; false: nothing more can, for now.
    bool advance();
    void report(queue::Channel channel, const queue::Report& report);
    // Results that could not be written down (a full disk) are tried again when due, or now.
    void write_held(bool now);

    // Starts nothing any more.
    void end() { ending_ = true; }
    // Nothing is written down any more but marks: no flush can be relied on.
    void give_up_flushing() { broken_ = true; }

    // When advance() or write_held() has work again.
    std::optional<Due> next_due() const;
    bool all_ended() const;
    void log_status();

private:
    // A message of one channel whose file is read, or of which deliveries run.
    struct Job {
        queue::MessageNumber message = 0;
        queue::Channel channel = queue::Channel::local;
        Due retry = 0;
        std::string sender;
        std::size_t holders = 0;   // the reading of the file, each delivery
        std::size_t to_do = 0;     // recipients that are not done, as far as the file was read
        bool read_to_end = false, last_attempt = false, suspended = false;
    };
    struct Pass {
        std::size_t job;
        RecipientFile file;
    };
    struct Side {
        Channel& channel;
        std::optional<Pass> pass;
    };
    struct Held {
        Delivery delivery;
        queue::Channel channel;
        bool failed;
        std::string report;
        Due due;
    };

    Side& side(queue::Channel channel) { return sides_[channel == queue::Channel::local ? 0 : 1]; }
    bool advance(Side& side);
    bool open_next(Side& side);
    void end_pass(Side& side, bool read_to_end);
    void start(Side& side, const queue::ChannelRecord& record);
    std::optional<std::size_t> free_job() const;
    void release(std::size_t job);
    void settle(const Delivery& delivery, bool failed, const std::string& report);
    bool write_down(const Delivery& delivery, bool failed, const std::string& report);

    std::array<Side, 2> sides_;
    const queue::Spool& spool_;
    Agenda& agenda_;
    Marks& marks_;
    const Config& config_;
    Log& log_;
    std::vector<std::optional<Job>> jobs_;
    std::deque<Held> held_;
    std::uint64_t next_delivery_ = 1;
    bool ending_ = false, broken_ = false;
};

}
