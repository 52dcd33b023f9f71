#include "remote/workers.hpp"

#include "base/mail/address.hpp"
#include "base/sys/error.hpp"
#include "base/sys/file.hpp"
#include "base/sys/log.hpp"
#include "base/sys/packet.hpp"
#include "remote/report.hpp"
#include "remote/worker_wire.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <system_error>
#include <utility>

namespace grapnel::remote {

namespace {

using namespace std::chrono_literals;

constexpr int not_run_later = 111, not_run_ever = 100;
constexpr auto heartbeat = 5s;   // how often workers are looked at, while there are any
constexpr auto greeting_limit = 10s, idle_limit = 60s, answer_limit = 60s, life_limit = 3600s,
               leaving_limit = 10s, longest_pause = 60s;
constexpr unsigned most_taken = 10000;   // deliveries in a worker's life
constexpr std::size_t few = 5;           // deliveries of one worker, before the next is started
constexpr std::size_t most_held = 100, most_suspects = 1000;
constexpr std::uint64_t timer_id = 0;

Child start_process(const std::string& program, const queue::Job& job, int message, int output)
{
    Command command;
    command.path = program;
    command.search_path = true;
    command.arguments = {program, std::string(split_address(job.recipient).domain), job.sender,
                         job.recipient};
    command.descriptors = {{0, message}, {1, output}, {2, output}};
    command.exec_failed_later = not_run_later;
    command.exec_failed_never = not_run_ever;
    return spawn(command);
}

queue::Outcome crashed() { return {'Z', "qmail-remote crashed.\n"}; }

queue::Outcome judge_output(std::string_view output)
{
    if (output.empty()) return {'Z', "qmail-remote produced no output.\n"};
    auto [letter, text] = digest(output);
    return {letter, std::move(text)};
}

queue::Outcome judge(const Ending& ending, std::string_view output)
{
    if (ending.crashed) return crashed();
    if (ending.code == not_run_later) return {'Z', "Unable to run qmail-remote.\n"};
    if (ending.code != 0) return {'D', "Unable to run qmail-remote.\n"};
    return judge_output(output);
}

std::string subject_of(const queue::Job& job) { return job.message + ' ' + job.recipient; }

std::size_t twice_the_cores()
{
    const auto cores = ::sysconf(_SC_NPROCESSORS_ONLN);
    return 2 * static_cast<std::size_t>(std::clamp(cores, 1l, 32l));
}

}

queue::Spawning one_process_each(const Environment& environment)
{
    const std::string program = environment.get("QMAILREMOTE").value_or("qmail-remote");
    queue::Spawning spawning;
    spawning.start = [program](const queue::Job& job, int message, int output) {
        return start_process(program, job, message, output);
    };
    spawning.report = judge;
    return spawning;
}

bool Workers::Worker::has_room() const
{
    return !retired && load() < (capacity ? *capacity : most_held);
}

Workers::Workers(const Environment& environment)
    : program_("qmail-remote", environment.get("PATH").value_or("/bin:/usr/bin")),
      most_(twice_the_cores()),
      nothing_(open_file("/dev/null", O_RDWR)),
      timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)),
      room_(longest_packet + 64)
{
    if (!timer_) throw_errno("unable to make a timer");
    watch_.add(timer_.get(), timer_id);
}

// Nothing runs in them any more, so they go at once.
Workers::~Workers()
{
    for (auto& [id, worker] : workers_) leaving_.push_back({std::move(worker.process), {}});
    workers_.clear();
    const auto limit = Clock::now() + leaving_limit;
    for (auto& one : leaving_) {
        const Fd ending = process_handle(one.process.pid());
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(limit - Clock::now());
        pollfd waiting{ending.get(), POLLIN, 0};
        if (!ending || ::poll(&waiting, 1, std::max(0, static_cast<int>(left.count()))) != 1)
            one.process.kill(SIGKILL);
        one.limit = Clock::time_point::min();
    }
    reap();
}

bool Workers::take(const queue::Job& job, Fd& message)
{
    if (!may_work(job)) return false;
    Worker* const worker = choose();
    if (!worker) return false;
    if (worker->capacity) return hand_over(*worker, job, message.get());
    worker->held.push_back({job, std::move(message)});
    return true;
}

bool Workers::may_work(const queue::Job& job)
{
    if (program_.changed()) {
        refused_ = false;
        paused_until_ = {};
        for (auto& [id, worker] : workers_) worker.retired = true;
        let_go_of_retired();
    }
    if (refused_ || !program_.is_binary() || Clock::now() < paused_until_) return false;
    return suspects_.empty() || !suspects_.contains(subject_of(job));
}

// One that has little to do; else a new one; else the one that has least.
Workers::Worker* Workers::choose()
{
    Worker* least = nullptr;
    for (auto& [id, worker] : workers_) {
        if (!worker.has_room()) continue;
        if (worker.load() < few) return &worker;
        if (!least || worker.load() < least->load()) least = &worker;
    }
    if (workers_.size() >= most_) return least;
    Worker* const fresh = start();
    return fresh ? fresh : least;
}

Workers::Worker* Workers::start()
{
    try {
        auto [ours, theirs] = make_packet_pair();
        set_nonblocking(ours.get());
        watch_.add(ours.get(), next_id_);
        auto& worker = workers_[next_id_];
        worker.socket = std::move(ours);
        worker.process = spawn({.path = program_.path(),
                                .arguments = {"qmail-remote", "--worker"},
                                .descriptors = {{0, theirs.get()}, {1, nothing_.get()}},
                                .exec_failed_later = not_run_later,
                                .exec_failed_never = not_run_ever});
        ++next_id_;
        set_timer();
        return &worker;
    } catch (const std::system_error&) {
        workers_.erase(next_id_);
        paused_until_ = Clock::now() + 1s;
        return nullptr;
    }
}

bool Workers::hand_over(Worker& worker, const queue::Job& job, int message)
{
    const auto packet =
        encode(WorkerJob{job.number, std::string(split_address(job.recipient).domain), job.sender,
                         job.recipient, job.records.value_or("")});
    if (packet.size() > longest_packet || !send_packet(worker.socket.get(), packet, {message}))
        return false;
    if (worker.jobs.empty()) worker.heard = Clock::now();   // nothing was to be heard before
    worker.jobs.emplace(job.number, subject_of(job));
    worker.retired = worker.retired || ++worker.taken >= most_taken;
    return true;
}

void Workers::look(Customer& customer)
{
    for (const auto& event : watch_.wait(0)) {
        if (event.data.u64 == timer_id)
            tick(customer);
        else
            read(event.data.u64, customer);
    }
    let_go_of_retired();
}

void Workers::read(std::uint64_t id, Customer& customer)
{
    const auto found = workers_.find(id);
    if (found == workers_.end()) return;
    auto& worker = found->second;
    try {
        while (const auto packet = receive_packet(worker.socket.get(), room_))
            if (packet->ended || !packet->whole || !take_packet(worker, packet->bytes, customer))
                return lost(id, customer);
    } catch (const std::system_error&) {
        lost(id, customer);
    }
}

// False: this is not what a worker says.
bool Workers::take_packet(Worker& worker, std::string_view packet, Customer& customer)
{
    worker.heard = Clock::now();
    worker.asked.reset();
    if (!worker.capacity) {
        const auto greeting = decode_greeting(packet);
        if (greeting) greeted(worker, greeting->capacity, customer);
        return greeting.has_value();
    }
    if (packet == i_am) return true;
    const auto report = decode_worker_report(packet);
    if (!report || worker.jobs.erase(report->number) == 0) return false;
    customer.ended(report->number, judge_output(report->output));
    return true;
}

void Workers::greeted(Worker& worker, unsigned capacity, Customer& customer)
{
    worker.capacity = capacity;
    for (auto& held : std::exchange(worker.held, {}))
        if (worker.load() >= capacity || !hand_over(worker, held.job, held.message.get()))
            customer.returned(held.job, std::move(held.message));
}

// It is gone, or is made to go.
void Workers::lost(std::uint64_t id, Customer& customer)
{
    Worker worker = std::move(workers_.at(id));
    workers_.erase(id);
    watch_.remove(worker.socket.get());
    worker.socket.reset();
    worker.process.kill(SIGKILL);   // changes nothing where it has ended by itself
    learn_from(worker, worker.process.wait());
    for (auto& [number, subject] : worker.jobs) {
        if (suspects_.size() >= most_suspects) suspects_.clear();
        suspects_.insert(std::move(subject));
        customer.ended(number, crashed());
    }
    for (auto& held : worker.held) customer.returned(held.job, std::move(held.message));
    set_timer();
}

void Workers::learn_from(const Worker& worker, const Ending& ending)
{
    const bool knows_nothing_of_it = ending.crashed ? ending.code == SIGKILL : ending.code != 111;
    if (!worker.capacity && knows_nothing_of_it) {
        refused_ = true;
        log_line_now(2, "qmail-rspawn: " + program_.path() +
                            " is not made to live long: one process for each delivery");
        return;
    }
    const auto now = Clock::now();
    if (now - worker.born > longest_pause) pause_ = 1s;
    paused_until_ = now + pause_;
    pause_ = std::min<std::chrono::seconds>(pause_ * 2, longest_pause);
    log_line_now(2, "qmail-rspawn: a worker " +
                        std::string(ending.crashed ? "was ended by signal " : "ended with ") +
                        std::to_string(ending.code));
}

void Workers::tick(Customer& customer)
{
    std::uint64_t count = 0;
    if (::read(timer_.get(), &count, sizeof count) < 0) return;
    const auto now = Clock::now();
    std::vector<std::uint64_t> hanging;
    for (auto& [id, worker] : workers_) {
        if (hangs(worker)) hanging.push_back(id);
        const bool idle = worker.load() == 0 && now - worker.heard > idle_limit;
        worker.retired = worker.retired || idle || now - worker.born > life_limit;
    }
    for (const auto id : hanging) lost(id, customer);
    reap();
    set_timer();
}

// One whose deliveries take long is asked whether it is there.
bool Workers::hangs(Worker& worker)
{
    const auto now = Clock::now();
    if (!worker.capacity) return now - worker.born > greeting_limit;
    if (worker.asked) return now - *worker.asked > answer_limit;
    if (worker.load() == 0 || now - worker.heard < answer_limit) return false;
    send_packet(worker.socket.get(), are_you_there);
    worker.asked = now;
    return false;
}

// Those with nothing left to do: they end when their socket does.
void Workers::let_go_of_retired()
{
    for (auto at = workers_.begin(); at != workers_.end();) {
        auto& worker = at->second;
        const bool done = worker.retired && worker.load() == 0;
        if (done) {
            watch_.remove(worker.socket.get());
            leaving_.push_back({std::move(worker.process), Clock::now() + leaving_limit});
        }
        at = done ? workers_.erase(at) : std::next(at);
    }
}

void Workers::reap()
{
    std::erase_if(leaving_, [](Leaving& one) {
        if (one.process.try_wait()) return true;
        if (Clock::now() < one.limit) return false;
        one.process.kill(SIGKILL);
        one.process.wait();
        return true;
    });
}

void Workers::set_timer() const
{
    itimerspec times{};
    if (!workers_.empty() || !leaving_.empty())
        times.it_value.tv_sec = times.it_interval.tv_sec = heartbeat.count();
    itimerspec before{};
    ::timerfd_gettime(timer_.get(), &before);
    const bool runs = before.it_interval.tv_sec != 0;
    if (runs != (times.it_interval.tv_sec != 0))
        ::timerfd_settime(timer_.get(), 0, &times, nullptr);
}

}
