// The messages, by channel, whose recipients are being read, or of which deliveries run.
#pragma once

#include "queue/records.hpp"
#include "queue/spool.hpp"
#include "send/fairness.hpp"
#include "send/outcome.hpp"
#include "send/schedule.hpp"

#include <cstddef>
#include <ctime>
#include <map>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

namespace grapnel::send {

struct Job {
    queue::MessageNumber message = 0;
    queue::Channel channel = queue::Channel::local;
    Due retry = 0;
    std::string sender;
    FairKey sender_key = 0;
    int priority = 0;
    std::size_t holders = 0;   // the reading, each delivery, who began it
    std::size_t to_do = 0;     // recipients that are not done, as far as was read
    unsigned aside = 0;        // recipients that wait for their destination alone
    bool from_file = false, read_to_end = false, last_attempt = false, suspended = false;
    bool is_retry = false;
    bool silent = false;                 // cancelled: who is not done is dropped
    bool watched = false;                // its records say who is told of what (reporting)
    bool carries = false;                // records that travel on
    bool has_successes = false;          // that may have to be told
    bool too_late = false;               // who is not done fails
    std::vector<Outcome> delayed = {};   // whose sender is to be told so
    std::map<std::size_t, std::time_t> put_off = {};   // by place: not before, in wall time
};

class Jobs {
public:
    std::size_t add(Job job);
    Job take(std::size_t number);
    Job& operator[](std::size_t number) { return *jobs_[number]; }
    const Job& operator[](std::size_t number) const { return *jobs_[number]; }
    // Those that wait for nothing but their message's files are due then.
    void make_waiting_due(Due now);
    void hasten(queue::Channel channel, const std::unordered_set<queue::MessageNumber>& messages,
                Due due);
    std::vector<queue::MessageNumber> messages(queue::Channel channel) const;
    // All of a message are cancelled.
    void cancel(queue::MessageNumber n, Due now);
    std::size_t from_files() const { return from_files_; }
    std::size_t count(queue::Channel channel) const
    {
        return channel == queue::Channel::local ? local_ : jobs_.size() - free_.size() - local_;
    }

private:
    std::vector<std::optional<Job>> jobs_;
    std::vector<std::size_t> free_;
    std::size_t from_files_ = 0, local_ = 0;
};

}
