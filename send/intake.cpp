#include "send/intake.hpp"

#include "send/bounce_file.hpp"
#include "send/outcome_file.hpp"
#include "send/wishes.hpp"

#include <algorithm>
#include <ctime>
#include <system_error>

namespace grapnel::send {

namespace {

constexpr Due slot_patience = 1000;           // then it waits on file
constexpr std::size_t most_waiting = 256;     // recipients that wait in memory for a slot
constexpr Due written_again_after = 10'000;   // a full disk (fault matrix)

}

Intake::Intake(Queue queue, const RoutingTables& routing, FirstAttempts& first,
               Deliveries& deliveries, Log& log, std::function<void()> changed)
    : queue_(queue),
      reader_(queue.spool, routing, log),
      files_(queue.spool, log),
      first_(first),
      deliveries_(deliveries),
      log_(log),
      departures_(queue.agenda, queue.cleaner, log, std::move(changed))
{
}

void Intake::take(const std::vector<Number>& numbers)
{
    for (const auto n : numbers)
        if (auto sorted = reader_.read(n)) place({n, std::move(*sorted)});
    settle();
}

void Intake::place(Arrived arrived)
{
    const auto room =
        may_be_tried(arrived) ? deliveries_.room_for(arrived.sorted) : Deliveries::Room::never;
    const auto recipients = arrived.sorted.recipients();
    if (room == Deliveries::Room::now) {
        begin(std::move(arrived));
    } else if (room == Deliveries::Room::later &&
               waiting_recipients_ + recipients <= most_waiting) {
        arrived.patience_ends = queue_.agenda.now() + slot_patience;
        waiting_recipients_ += recipients;
        waiting_numbers_.insert(arrived.message);
        waiting_.push_back(std::move(arrived));
    } else {
        to_write_.push_back(std::move(arrived));
    }
}

// What has to be on file before an attempt: when it may go, and what becomes of whom.
bool Intake::may_be_tried(const Arrived& arrived) const
{
    const auto& info = arrived.sorted.info;
    return !ending_ && !is_held(info, queue_.agenda.wall_now()) && !asks_for_success(info) &&
           !info.message.find("deliver-by") && files_.are_untouched(arrived.message);
}

void Intake::begin(Arrived arrived)
{
    auto& attempt = first_.begin(arrived.message, std::move(arrived.sorted),
                                 queue_.agenda.wall_now(), queue_.agenda.now());
    attempt.jobs = deliveries_.begin(arrived.message, attempt.message, attempt.birth);
}

void Intake::try_waiting()
{
    std::erase_if(waiting_, [this](Arrived& arrived) {
        if (deliveries_.room_for(arrived.sorted) != Deliveries::Room::now) return false;
        waiting_recipients_ -= arrived.sorted.recipients();
        waiting_numbers_.erase(arrived.message);
        begin(std::move(arrived));
        return true;
    });
}

void Intake::settle()
{
    const auto now = queue_.agenda.now();
    departures_.ask_again();
    const auto next = first_.next(now);
    for (auto& [attempts, info] : std::exchange(to_review_, {}))
        deliveries_.review(std::move(attempts), info);
    for (const auto n : next.leave) leave(n);
    for (; !waiting_.empty() && waiting_.front().patience_ends <= now; waiting_.pop_front()) {
        waiting_recipients_ -= waiting_.front().sorted.recipients();
        waiting_numbers_.erase(waiting_.front().message);
        to_write_.push_back(std::move(waiting_.front()));
    }
    write(next.write);
}

// All of it is delivered, and nothing on file but todo/N.
void Intake::leave(Number n)
{
    log_.ended(n);
    auto& attempt = first_.at(n);
    deliveries_.drop(std::exchange(attempt.jobs, {}));
    deliveries_.review(std::exchange(attempt.ended, {}), {attempt.message.info, attempt.birth});
    departures_.ask(n, Departures::Failure::ask_again, [this, n] {
        first_.forget(n);
        queue_.marks.left_todo(n, queue_.agenda.now());
    });
}

// Those that were tried and those that were not, with one flush; before it another one for bounces:
// a paragraph is durable before the mark.
void Intake::write(const std::vector<Number>& tried)
{
    Touched bounces, touched;
    std::vector<Number> ready, written;
    for (const auto n : tried) write_bounce(n, bounces) ? ready.push_back(n) : put_off(n);
    queue_.flusher.flush(bounces);
    for (const auto n : ready) write_tried(n, touched) ? written.push_back(n) : put_off(n);
    auto untried = std::exchange(to_write_, {});
    std::vector<Arrived*> sorted;
    for (auto& arrived : untried)
        if (write_untried(arrived, touched)) sorted.push_back(&arrived);
    queue_.flusher.flush(touched);

    for (const auto n : written) {
        auto attempt = std::move(first_.at(n));
        first_.forget(n);
        ToReview review{std::move(attempt.ended), {std::move(attempt.message.info), attempt.birth}};
        departures_.ask(n, Departures::Failure::ask_again,
                        [this, jobs = std::move(attempt.jobs), review = std::move(review)] {
                            deliveries_.release(jobs);
                            if (!review.attempts.empty()) to_review_.push_back(review);
                        });
    }
    for (auto* arrived : sorted) {
        const auto n = arrived->message;
        departures_.ask(n, Departures::Failure::forget,
                        [this, n, message = std::move(arrived->sorted)] { hand_on(n, message); });
    }
}

bool Intake::write_bounce(Number n, Touched& touched)
{
    auto& attempt = first_.at(n);
    if (attempt.bounce.empty()) return true;
    try {
        if (!attempt.outcomes.empty()) write_outcomes(n, attempt.outcomes);
        if (!attempt.outcomes.empty()) touched.files.insert(outcome_file(n));
        attempt.outcomes.clear();
        write_to_bounce(n, attempt.bounce);
    } catch (const std::system_error&) {
        log_.bounce_trouble();
        return false;
    }
    attempt.bounce.clear();
    touched.files.insert(queue::Spool::bounce(n));
    touched.directories.insert("bounce");
    return true;
}

bool Intake::write_tried(Number n, Touched& touched)
{
    const auto& attempt = first_.at(n);
    if (!files_.write(n, attempt.message, attempt.birth)) return false;
    files_.touch(n, attempt.message, touched);
    return true;
}

// Complete already: a power cut brought todo/N back, and the marks stay; or who wrote it was killed
// before its flush, so it is flushed again.
bool Intake::write_untried(const Arrived& arrived, Touched& touched)
{
    const auto n = arrived.message;
    if (!files_.are_complete(n, arrived.sorted) && !files_.write(n, arrived.sorted, std::nullopt)) {
        another_look_ = true;
        return false;
    }
    files_.touch(n, arrived.sorted, touched);
    return true;
}

void Intake::put_off(Number n)
{
    deliveries_.suspend(first_.at(n).jobs);
    first_.put_off(n, queue_.agenda.now() + written_again_after);
}

void Intake::hand_on(Number n, const Sorted& message)
{
    if (message.recipients() == 0) return queue_.agenda.done.add(queue_.agenda.now(), n);
    for (const auto channel : {queue::Channel::local, queue::Channel::remote})
        if (!message.of(channel).empty()) deliveries_.add(channel, n, message);
}

std::optional<Due> Intake::next_due() const
{
    auto next = first_.next_due();
    const auto at = [&](Due due) { next = next ? std::min(*next, due) : due; };
    if (const auto due = departures_.next_due()) at(*due);
    if (!to_review_.empty()) at(queue_.agenda.now());
    if (!waiting_.empty()) at(waiting_.front().patience_ends);
    return next;
}

bool Intake::contains(Number n) const
{
    return first_.contains(n) || departures_.contains(n) || waiting_numbers_.contains(n);
}

// What waits lies in todo as it was.
void Intake::end()
{
    ending_ = true;
    waiting_.clear();
    waiting_numbers_.clear();
    waiting_recipients_ = 0;
    first_.hurry();
}

bool Intake::is_idle() const
{
    const auto due = first_.next_due();
    return departures_.is_idle() && to_review_.empty() && (!due || *due > queue_.agenda.now());
}

void Intake::write_all() { write(first_.all()); }

}
