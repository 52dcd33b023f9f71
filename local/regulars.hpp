// Addresses that get message after message: processes that have found the user and become him stay
// for a second and deliver what comes next (regular.hpp). For one message in a while, and for all
// but Maildirs, there is a process each, as ever.
#pragma once

#include "base/sys/fd.hpp"
#include "base/sys/spawn.hpp"
#include "base/sys/watch.hpp"
#include "queue/carrier.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace grapnel::local {

class Regulars : public queue::Carrier {
public:
    static constexpr std::size_t most = 96;   // processes; two descriptors each

    // edition: brings up to date what is known of users, and changes when that does; 0: no such
    // processes are to be. start: one for that address, with its end of the packets; it ends when
    // ours is closed.
    using Edition = std::function<std::uint64_t()>;
    using Start = std::function<Child(const std::string& recipient, int socket)>;
    Regulars(Edition edition, Start start);
    Regulars(const Regulars&) = delete;
    Regulars& operator=(const Regulars&) = delete;
    ~Regulars() override;

    bool take(const queue::Job& job, Fd& message) override;
    int descriptor() const override { return watch_.descriptor(); }
    void look(Customer& customer) override;

private:
    using Clock = std::chrono::steady_clock;

    struct Work {
        queue::Job job;
        Fd message;
    };
    struct Process {
        Child child;
        Fd socket;
        std::string recipient;
        Clock::time_point born;
        std::optional<Work> work = {};   // none: it waits
        bool has_answered = false;
        bool retired = false;   // goes when it has nothing to do
    };
    struct Address {
        Clock::time_point last;              // when it got its last message
        Clock::time_point not_before = {};   // it wants more than such a process does
    };

    bool comes_often(const std::string& recipient);
    Process* choose(const std::string& recipient);
    Process* start(const std::string& recipient);
    bool hand_over(Process& process, const queue::Job& job, Fd& message);
    void read(std::uint64_t id, Customer& customer);
    bool take_reply(Process& process, std::string_view packet, Customer& customer);
    void lost(std::uint64_t id, Customer& customer);
    void tick();
    void let_go_of_retired();
    void set_timer(bool runs);

    Edition edition_of_;
    Start start_;
    std::uint64_t edition_ = 0;
    Fd timer_;
    bool timer_runs_ = false;
    Watch watch_;
    std::unordered_map<std::string, Address> addresses_;
    std::unordered_map<std::uint64_t, Process> processes_;
    std::vector<Child> leaving_;
    std::uint64_t next_id_ = 1;
    std::vector<char> room_;
};

}
