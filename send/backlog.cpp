#include "send/backlog.hpp"

#include "send/fair_place.hpp"
#include "send/marks.hpp"
#include "send/recipient_state.hpp"
#include "send/wishes.hpp"

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

namespace grapnel::send {

namespace {

constexpr std::size_t most_waiting = 100'000;   // on each channel; the rest waits on the agenda
constexpr std::size_t most_open = 2000;         // messages of which recipients are in memory
constexpr Due trouble_pause = 10'000;           // a full disk
constexpr std::size_t most_aside = 100;         // recipients of one of them

}

Backlog::Backlog(Shared shared, queue::Channel channel, unsigned slots)
    : shared_(shared), channel_(channel), fairness_(slots)
{
}

bool Backlog::has_room() const
{
    return fairness_.waiting() < most_waiting && shared_.jobs.from_files() < most_open;
}

void Backlog::count_messages(bool with_new)
{
    fairness_.set_alone(unopened_ + shared_.jobs.count(channel_) + (with_new ? 1 : 0) <= 1);
}

FairPlace Backlog::place_of(const Job& job, std::string_view recipient) const
{
    return {destination_key(channel_, recipient), job.sender_key, job.is_retry, job.priority};
}

void Backlog::add(queue::MessageNumber n, const Sorted& message)
{
    const auto& records = message.of(channel_);
    // Held, unless it was released or cancelled since its info is on file: its turn tells.
    if (!has_room() || is_held(message.info, shared_.agenda.wall_now()))
        return shared_.agenda.of(channel_).add(shared_.agenda.now(), n);
    const auto destination = destination_key(channel_, records.front().address);
    const bool is_one = std::all_of(records.begin(), records.end(), [&](const auto& record) {
        return destination_key(channel_, record.address) == destination;
    });
    if (is_one)
        wait({{destination, sender_key(message.info.sender), false, priority(message.info.message)},
              n});
    else
        enter(n, false, false);
}

bool Backlog::look(bool slot_is_free)
{
    auto& heap = shared_.agenda.of(channel_);
    if (!has_room() || !heap.is_due(shared_.agenda.now())) return false;
    enter(heap.take().message, true, slot_is_free);
    return true;
}

// Stays open where it is most probably the next one, or would keep its other recipients behind its
// first one.
void Backlog::enter(queue::MessageNumber n, bool is_retry, bool slot_is_free)
{
    auto pass = open(n, is_retry);
    if (!pass || !find_recipient(*pass)) return;
    const auto& job = shared_.jobs[pass->job];
    const auto place = place_of(job, pass->recipients.current().address);
    count_messages(false);
    const auto now = shared_.agenda.now();
    if (!has_one_destination(*pass) ||
        (slot_is_free && !fairness_.is_crowded(place.destination, now) &&
         fairness_.is_allowed(place, now)))
        return line_up(std::move(pass), false);
    shared_.jobs.take(pass->job);
    wait({place, n});
}

bool Backlog::has_one_destination(const Pass& pass) const
{
    const auto& recipients = pass.recipients;
    const auto destination = destination_key(channel_, recipients.current().address);
    return recipients.are_all_in_memory() &&
           std::all_of(recipients.ahead().begin(), recipients.ahead().end(),
                       [&](const auto& record) {
                           return destination_key(channel_, record.address) == destination;
                       });
}

std::unique_ptr<Backlog::Pass> Backlog::open(queue::MessageNumber n, bool is_retry)
{
    auto path = channel_file(shared_.spool, channel_, n);
    try {
        Recipients recipients(path);
        const auto* info = shared_.records.read(n);
        if (!info) {
            path = shared_.spool.info(n);
            throw std::system_error(EIO, std::generic_category());
        }
        const auto now = shared_.agenda.wall_now();
        if (is_held(*info, now) && !is_silent(*info)) {
            shared_.agenda.add_held(channel_, *hold_until(info->message), n);
            return nullptr;
        }
        const auto start = start_of_life(*info, info->birth);
        Job job;
        job.message = n;
        job.channel = channel_;
        job.retry = shared_.agenda.due_at(next_attempt(start, now, channel_));
        job.last_attempt = now > end_of_life(*info, info->birth, shared_.config.lifetime);
        job.sender = info->sender;
        job.sender_key = sender_key(info->sender);
        job.priority = priority(info->message);
        job.is_retry = is_retry;
        job.holders = 1;
        job.from_file = true;
        job.silent = is_silent(*info);
        job.carries = carries(*info);
        job.watched = is_watched(shared_.config.reports, *info);
        if (job.watched) watch(job, *info, now);
        if (!job.last_attempt) job.put_off = put_off(*info, channel_);
        return std::make_unique<Pass>(
            Pass{shared_.jobs.add(std::move(job)), std::move(recipients)});
    } catch (const std::system_error&) {
        shared_.log.warning("trouble opening " + path + "; will try again later");
        shared_.agenda.of(channel_).add(shared_.agenda.now() + retry_trouble, n);
        return nullptr;
    }
}

// It is tried when a notice may be due, whose time is told only to those who still wait then.
void Backlog::watch(Job& job, const MessageInfo& info, std::time_t now) const
{
    job.has_successes = asks_for_success(info) || info.message.find("deliver-by");
    job.too_late = is_too_late(info, now);
    if (const auto look = next_look(shared_.config.reports, info, channel_, info.birth, now))
        job.retry = std::min(job.retry, shared_.agenda.due_at(*look));
}

// The next one who is not done; false: there is none, and the pass is over.
bool Backlog::find_recipient(Pass& pass)
{
    auto& job = shared_.jobs[pass.job];
    const auto n = job.message;
    const auto path = [&] { return channel_file(shared_.spool, channel_, n); };
    try {
        for (;;) switch (pass.recipients.next()) {
            case Recipients::State::record:
                if (is_to_be_tried(job, pass.recipients.current())) return true;
                break;
            case Recipients::State::end:
                end(pass, true);
                return false;
            case Recipients::State::unknown_record:
                shared_.log.warning("unknown record type in " + path() + "!");
                end(pass, false);
                return false;
            }
    } catch (const std::system_error&) {
        shared_.log.warning("trouble reading " + path() + "; will try again later");
        end(pass, false);
        return false;
    }
}

// Somebody may be put off beyond his message's turn, and brings it forward when his time comes.
bool Backlog::is_to_be_tried(Job& job, const queue::ChannelRecord& record)
{
    if (record.done) return false;
    if (job.silent || job.too_late) {
        drop(job, record);
        return false;
    }
    const auto waits = job.put_off.find(record.index);
    if (waits == job.put_off.end() || waits->second <= shared_.agenda.wall_now()) return true;
    ++job.to_do;
    job.retry = std::min(job.retry, shared_.agenda.due_at(waits->second));
    return false;
}

// Without an attempt: cancelled, or its time has passed.
void Backlog::drop(Job& job, const queue::ChannelRecord& record)
{
    const auto fate = job.silent ? Fate::dropped : Fate::failed;
    const auto written =
        shared_.results.write({job.message,
                               {channel_, record.index},
                               record.offset,
                               record.address,
                               fate,
                               std::string(job.silent ? std::string_view() : too_late_text),
                               job.watched});
    if (written != Results::Written::done) {
        ++job.to_do;
        job.retry = std::min(job.retry, shared_.agenda.now() + trouble_pause);
    } else if (job.silent) {
        shared_.log.cancelled(job.message, channel_, record.address);
    } else {
        shared_.log.too_late(job.message, channel_, record.address);
    }
}

void Backlog::end(const Pass& pass, bool read_to_end)
{
    shared_.jobs[pass.job].read_to_end = read_to_end;
    shared_.results.let_go(shared_.jobs, pass.job);
}

// In the order of the file, except that recipients whose destination has its share do not keep
// those behind them.
void Backlog::line_up(std::unique_ptr<Pass> pass, bool front)
{
    for (;;) {
        const auto& job = shared_.jobs[pass->job];
        const auto place = place_of(job, pass->recipients.current().address);
        if (job.aside == most_aside || pass->recipients.are_over() ||
            !fairness_.is_crowded(place.destination, shared_.agenda.now()))
            return wait({place, job.message, std::move(pass)}, front && job.aside == 0);
        set_aside(*pass, place);
        if (!find_recipient(*pass)) return;
    }
}

void Backlog::set_aside(const Pass& pass, const FairPlace& place)
{
    auto& job = shared_.jobs[pass.job];
    ++job.aside;
    ++job.holders;
    auto alone = std::make_unique<Pass>(Pass{pass.job, Recipients({pass.recipients.current()})});
    alone->is_aside = true;
    alone->recipients.next();
    wait({place, job.message, std::move(alone)});
}

void Backlog::wait(Waiter waiter, bool front)
{
    if (free_.empty()) {
        waiters_.emplace_back();
        free_.push_back(waiters_.size() - 1);
    }
    const auto number = free_.back();
    free_.pop_back();
    if (!waiter.pass) ++unopened_;
    fairness_.wait(waiter.place, number, front);
    waiters_[number] = std::move(waiter);
}

Backlog::Waiter Backlog::take(std::size_t number)
{
    auto waiter = std::exchange(waiters_[number], {});
    if (!waiter.pass) --unopened_;
    free_.push_back(number);
    if (free_.size() == waiters_.size()) {   // all of it back, after a rush
        free_ = {};
        std::deque<Waiter>().swap(waiters_);
    }
    return waiter;
}

bool Backlog::is_ready()
{
    count_messages(false);
    return fairness_.is_ready(shared_.agenda.now());
}

bool Backlog::next(const Start& start)
{
    count_messages(false);
    const auto number = fairness_.next(shared_.agenda.now());
    if (!number) return false;
    auto [place, n, pass] = take(*number);
    if (!pass) {
        pass = open(n, place.retry);
        if (!pass || !find_recipient(*pass)) return true;
        const auto found =
            place_of(shared_.jobs[pass->job], pass->recipients.current().address).destination;
        if (found != place.destination) {   // marks of an earlier life
            line_up(std::move(pass), false);
            return true;
        }
    }
    auto& job = shared_.jobs[pass->job];
    if (pass->is_aside) --job.aside;
    if (job.suspended) {
        if (pass->is_aside) ++job.to_do;
        end(*pass, pass->is_aside && job.read_to_end);
        return true;
    }
    if (job.silent) {   // since it lined up
        drop(job, pass->recipients.current());
    } else {
        ++job.to_do;
        ++job.holders;
        fairness_.started(place);
        start(pass->job, pass->recipients.current());
    }
    if (pass->is_aside)
        shared_.results.let_go(shared_.jobs, pass->job);
    else if (pass->recipients.are_over())
        end(*pass, true);
    else if (find_recipient(*pass))
        line_up(std::move(pass), true);
    return true;
}

}
