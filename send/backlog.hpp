// The messages of one channel whose files are due: which recipient is next, by fairness. What has
// to wait is kept as a number and a place in line, and its file is opened again when its turn has
// come; a message stays open only where its recipients have several destinations, or some have
// been started (contract 5.6; reliability 6).
#pragma once

#include "queue/spool.hpp"
#include "send/agenda.hpp"
#include "send/config.hpp"
#include "send/fairness.hpp"
#include "send/jobs.hpp"
#include "send/log.hpp"
#include "send/message_records.hpp"
#include "send/recipients.hpp"
#include "send/results.hpp"
#include "send/sorted.hpp"

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace grapnel::send {

class Backlog {
public:
    struct Shared {
        const queue::Spool& spool;
        Agenda& agenda;
        MessageRecords& records;
        Results& results;
        Jobs& jobs;
        const Config& config;
        Log& log;
    };
    Backlog(Shared shared, queue::Channel channel, unsigned slots);

    // On file since now, never tried.
    void add(queue::MessageNumber n, const Sorted& message);
    // Whether somebody waits who has less than his share.
    bool is_ready();
    // Only where a slot is free: start is called with whom it is given to, at most once; his job is
    // held for him. false: nobody may have it now.
    using Start = std::function<void(std::size_t job, const queue::ChannelRecord& record)>;
    bool next(const Start& start);
    // Finds out where a message stands that has become due. false: there is none, or no room.
    bool look(bool slot_is_free);
    bool has_room() const;

    Fairness& fairness() { return fairness_; }
    // Before a question to fairness: whether there is no message but one that is under way, or
    // (new) one that is not yet.
    void count_messages(bool with_new);
    FairPlace place_of(const Job& job, std::string_view recipient) const;

private:
    struct Pass {
        std::size_t job;
        Recipients recipients;   // the current one waits
        bool is_aside = false;   // he alone, so that those behind him can be reached
    };
    struct Waiter {
        FairPlace place = {};
        queue::MessageNumber message = 0;
        std::unique_ptr<Pass> pass = {};   // none: to be opened
    };

    std::unique_ptr<Pass> open(queue::MessageNumber n, bool is_retry);
    void watch(Job& job, const MessageInfo& info, std::time_t now) const;
    bool find_recipient(Pass& pass);
    bool is_to_be_tried(Job& job, const queue::ChannelRecord& record);
    void drop(Job& job, const queue::ChannelRecord& record);
    void enter(queue::MessageNumber n, bool is_retry, bool slot_is_free);
    void line_up(std::unique_ptr<Pass> pass, bool front);
    void set_aside(const Pass& pass, const FairPlace& place);
    bool has_one_destination(const Pass& pass) const;
    void wait(Waiter waiter, bool front = false);
    Waiter take(std::size_t number);
    void end(const Pass& pass, bool read_to_end);

    Shared shared_;
    const queue::Channel channel_;
    Fairness fairness_;
    std::deque<Waiter> waiters_;
    std::vector<std::size_t> free_;
    std::size_t unopened_ = 0;
};

}
