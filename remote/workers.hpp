// How qmail-rspawn has deliveries done: by qmail-remotes that live long and make many at once, or
// by one process for each. It knows nothing of SMTP.
#pragma once

#include "base/sys/environment.hpp"
#include "base/sys/fd.hpp"
#include "base/sys/spawn.hpp"
#include "base/sys/watch.hpp"
#include "queue/carrier.hpp"
#include "queue/spawner.hpp"
#include "remote/program_file.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace grapnel::remote {

// $QMAILREMOTE, else qmail-remote from PATH, as "qmail-remote HOST SENDER RECIPIENT"
// (contract 7.1).
queue::Spawning one_process_each(const Environment& environment);

// Deliveries go to a few processes of $PATH's qmail-remote as long as it is one that understands
// that (remote/worker_wire). A delivery that none of them can take is refused.
class Workers final : public queue::Carrier {
public:
    explicit Workers(const Environment& environment);
    ~Workers() override;   // they are told to end, and given a moment for it

    bool take(const queue::Job& job, Fd& message) override;
    int descriptor() const override { return watch_.descriptor(); }
    void look(Customer& customer) override;

private:
    using Clock = std::chrono::steady_clock;
    struct Held {
        queue::Job job;
        Fd message;
    };
    struct Worker {
        Child process;
        Fd socket;
        std::optional<unsigned> capacity = {};                 // nullopt: has not greeted yet
        std::unordered_map<unsigned, std::string> jobs = {};   // by number: what it is about
        std::deque<Held> held = {};                            // until it greets
        unsigned taken = 0;
        bool retired = false;   // gets no more
        Clock::time_point born = Clock::now(), heard = born;
        std::optional<Clock::time_point> asked = {};   // whether it is there

        std::size_t load() const { return jobs.size() + held.size(); }
        bool has_room() const;
    };
    struct Leaving {
        Child process;
        Clock::time_point limit;
    };

    bool may_work(const queue::Job& job);
    Worker* choose();
    Worker* start();
    static bool hand_over(Worker& worker, const queue::Job& job, int message);
    void read(std::uint64_t id, Customer& customer);
    bool take_packet(Worker& worker, std::string_view packet, Customer& customer);
    static void greeted(Worker& worker, unsigned capacity, Customer& customer);
    void lost(std::uint64_t id, Customer& customer);
    void learn_from(const Worker& worker, const Ending& ending);
    void tick(Customer& customer);
    static bool hangs(Worker& worker);
    void let_go_of_retired();
    void reap();
    void set_timer() const;

    ProgramFile program_;
    std::size_t most_;   // workers
    Fd nothing_, timer_;
    Watch watch_;
    std::vector<char> room_;
    std::map<std::uint64_t, Worker> workers_;
    std::vector<Leaving> leaving_;
    std::uint64_t next_id_ = 1;
    bool refused_ = false;   // this file did not greet: it is not ours
    Clock::time_point paused_until_{};
    std::chrono::seconds pause_{1};
    std::set<std::string> suspects_;   // what a worker had when it died: each gets its own process
};

}
