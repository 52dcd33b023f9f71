#include "local/regulars.hpp"

#include "base/sys/error.hpp"
#include "base/sys/packet.hpp"
#include "local/regular.hpp"
#include "local/report.hpp"

#include <sys/timerfd.h>
#include <unistd.h>

#include <csignal>
#include <system_error>
#include <utility>

namespace grapnel::local {

namespace {

using namespace std::chrono_literals;

constexpr auto often = 1s;         // between two messages to an address that comes often
constexpr auto lifetime = 1s;      // as long as an answer of qmail-getpw counts
constexpr auto not_again = 1min;   // after it was asked for more than Maildirs
constexpr std::size_t most_addresses = 512, longest_address = 1024;
constexpr std::uint64_t timer_id = 0;

}

Regulars::Regulars(Edition edition, Start start)
    : edition_of_(std::move(edition)),
      start_(std::move(start)),
      timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)),
      room_(longest_regular_packet)
{
    if (!timer_) throw_errno("unable to make a timer");
    watch_.add(timer_.get(), timer_id);
}

// None has a delivery any more.
Regulars::~Regulars()
{
    for (auto& [id, process] : processes_) leaving_.push_back(std::move(process.child));
    processes_.clear();
    for (auto& child : leaving_) {
        child.kill(SIGKILL);
        child.wait();
    }
}

bool Regulars::take(const queue::Job& job, Fd& message)
{
    if (!comes_often(job.recipient)) return false;
    const auto edition = edition_of_();
    if (std::exchange(edition_, edition) != edition)
        for (auto& [id, process] : processes_) process.retired = true;
    if (edition == 0) return false;
    Process* process = choose(job.recipient);
    if (!process) process = start(job.recipient);
    return process && hand_over(*process, job, message);
}

bool Regulars::comes_often(const std::string& recipient)
{
    if (recipient.size() > longest_address) return false;
    const auto now = Clock::now();
    if (addresses_.size() >= most_addresses && !addresses_.contains(recipient)) {
        std::erase_if(addresses_, [now](const auto& known) {
            return now - known.second.last > often && now >= known.second.not_before;
        });
        if (addresses_.size() >= most_addresses) addresses_.clear();
    }
    auto& address = addresses_[recipient];
    const auto last = std::exchange(address.last, now);
    return now - last <= often && now >= address.not_before;
}

Regulars::Process* Regulars::choose(const std::string& recipient)
{
    const auto now = Clock::now();
    for (auto& [id, process] : processes_)
        if (!process.work && !process.retired && now - process.born < lifetime &&
            process.recipient == recipient)
            return &process;
    return nullptr;
}

Regulars::Process* Regulars::start(const std::string& recipient)
{
    if (processes_.size() + leaving_.size() >= most) return nullptr;
    try {
        auto [ours, theirs] = make_packet_pair();
        watch_.add(ours.get(), next_id_);
        Child child = start_(recipient, theirs.get());
        set_timer(true);
        auto& process = processes_[next_id_++];
        process = {std::move(child), std::move(ours), recipient, Clock::now()};
        return &process;
    } catch (const std::system_error&) {
        return nullptr;   // a process each says why
    }
}

bool Regulars::hand_over(Process& process, const queue::Job& job, Fd& message)
{
    const auto packet = encode(RegularJob{job.sender, job.records.value_or("")});
    if (packet.size() > longest_regular_packet ||
        !send_packet(process.socket.get(), packet, {message.get()}))
        return false;
    process.work.emplace(Work{job, std::move(message)});
    return true;
}

void Regulars::look(Customer& customer)
{
    for (const auto& event : watch_.wait(0)) {
        if (event.data.u64 == timer_id)
            tick();
        else
            read(event.data.u64, customer);
    }
    let_go_of_retired();
}

void Regulars::read(std::uint64_t id, Customer& customer)
{
    const auto found = processes_.find(id);
    if (found == processes_.end()) return;
    auto& process = found->second;
    try {
        const auto packet = receive_packet(process.socket.get(), room_);
        if (!packet) return;
        if (packet->ended || !packet->whole || !take_reply(process, packet->bytes, customer))
            lost(id, customer);
    } catch (const std::system_error&) {
        lost(id, customer);
    }
}

// False: this is not what such a process says.
bool Regulars::take_reply(Process& process, std::string_view packet, Customer& customer)
{
    const auto reply = decode_regular_reply(packet);
    if (!reply || !process.work) return false;
    Work work = *std::exchange(process.work, std::nullopt);
    process.has_answered = true;
    if (reply->code) {
        customer.ended(work.job.number, report(Ending{false, *reply->code}, reply->text));
    } else {
        addresses_[process.recipient].not_before = Clock::now() + not_again;
        customer.returned(work.job, std::move(work.message));
    }
    process.retired = process.retired || reply->code != 0;
    return true;
}

// It is gone, or is made to go. One that ended before it did anything could not become the user: a
// process of its own says why.
void Regulars::lost(std::uint64_t id, Customer& customer)
{
    Process process = std::move(processes_.at(id));
    processes_.erase(id);
    watch_.remove(process.socket.get());
    process.socket.reset();
    process.child.kill(SIGKILL);   // changes nothing where it has ended by itself
    const auto ending = process.child.wait();
    if (!process.work) return;
    if (!ending.crashed && !process.has_answered)
        customer.returned(process.work->job, std::move(process.work->message));
    else
        customer.ended(process.work->job.number, report(Ending{true, SIGKILL}, ""));
}

void Regulars::tick()
{
    std::uint64_t count = 0;
    if (::read(timer_.get(), &count, sizeof count) < 0) return;
    const auto now = Clock::now();
    for (auto& [id, process] : processes_)
        process.retired = process.retired || now - process.born >= lifetime;
    let_go_of_retired();
    std::erase_if(leaving_, [](Child& child) { return child.try_wait().has_value(); });
    set_timer(!processes_.empty() || !leaving_.empty());
}

// Those with nothing left to do.
void Regulars::let_go_of_retired()
{
    for (auto at = processes_.begin(); at != processes_.end();) {
        auto& process = at->second;
        const bool done = process.retired && !process.work;
        if (done) {
            watch_.remove(process.socket.get());
            process.child.kill(SIGKILL);   // stopped by its user, it would not see the end
            leaving_.push_back(std::move(process.child));
        }
        at = done ? processes_.erase(at) : std::next(at);
    }
}

void Regulars::set_timer(bool runs)
{
    if (std::exchange(timer_runs_, runs) == runs) return;
    itimerspec times{};
    if (runs) times.it_value.tv_nsec = times.it_interval.tv_nsec = 250'000'000;
    ::timerfd_settime(timer_.get(), 0, &times, nullptr);
}

}
