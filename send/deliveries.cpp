#include "send/deliveries.hpp"

#include "send/bounce.hpp"
#include "send/fair_place.hpp"
#include "send/recipient_state.hpp"
#include "send/reply_of.hpp"
#include "send/wishes.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace grapnel::send {

namespace {

constexpr Due held_pause = 10'000;
constexpr std::size_t longest_text = 9998;   // 10,000 with number and letter, as in qmail
constexpr std::size_t longest_row = 3;       // then it is a waiting file's turn (reliability 6)

Verdict undisturbed(const EndedAttempt& attempt)
{
    const auto status =
        attempt.letter == 'D' ? hooks::DeliveryStatus::failed : hooks::DeliveryStatus::deferred;
    return {{status, {}, {}}, false};
}

}

Deliveries::Deliveries(Channel& local, Channel& remote, const queue::Spool& spool, Agenda& agenda,
                       MessageRecords& records, Results& results, Review& review,
                       const Config& config, Log& log)
    : spool_(spool),
      agenda_(agenda),
      records_(records),
      results_(results),
      review_(review),
      config_(config),
      log_(log),
      sides_{Side{local, Backlog({spool, agenda, records, results, jobs_, config, log},
                                 local.kind(), local.usage().limit)},
             Side{remote, Backlog({spool, agenda, records, results, jobs_, config, log},
                                  remote.kind(), remote.usage().limit)}}
{
}

Deliveries::Room Deliveries::room_for(const Sorted& message)
{
    if (ending_ || message.recipients() == 0) return Room::never;
    auto room = Room::now;
    for (auto& side : sides_) {
        const auto wanted = message.of(side.channel.kind()).size();
        if (wanted == 0) continue;
        side.backlog.count_messages(true);
        if (!side.channel.is_alive() || wanted > side.backlog.fairness().most()) return Room::never;
        if (room == Room::now && !may_begin(side, message)) room = Room::later;
    }
    return room;
}

// There are slots, and fairness lets this message have them all.
bool Deliveries::may_begin(Side& side, const Sorted& message)
{
    const auto& records = message.of(side.channel.kind());
    const auto usage = side.channel.usage();
    auto& fairness = side.backlog.fairness();
    const auto now = agenda_.now();
    if (usage.running + side.promised + records.size() > usage.limit ||
        (side.in_a_row >= longest_row && fairness.is_ready(now)))
        return false;
    std::vector<FairPlace> places;
    const auto sender = sender_key(message.info.sender);
    bool allowed = true;
    for (const auto& record : records) {
        const FairPlace place{destination_key(side.channel.kind(), record.address), sender, false,
                              priority(message.info.message)};
        allowed = fairness.is_allowed(place, now);
        if (!allowed || records.size() == 1) break;
        places.push_back(place);
        fairness.started(place);
    }
    for (const auto& place : places) fairness.withdrawn(place);
    return allowed;
}

std::vector<std::size_t> Deliveries::begin(queue::MessageNumber n, const Sorted& message,
                                           std::time_t birth)
{
    std::vector<std::size_t> jobs;
    for (auto& side : sides_) {
        const auto& records = message.of(side.channel.kind());
        if (records.empty()) continue;
        Job job;
        job.message = n;
        job.channel = side.channel.kind();
        job.retry = agenda_.due_at(next_attempt(birth, birth, job.channel));
        job.carries = carries(message.info);
        job.watched = is_watched(config_.reports, message.info);
        const auto look = job.watched
                              ? next_look(config_.reports, message.info, job.channel, birth, birth)
                              : std::nullopt;
        if (look) job.retry = std::min(job.retry, agenda_.due_at(*look));
        job.sender = message.info.sender;
        job.sender_key = sender_key(job.sender);
        job.priority = priority(message.info.message);
        job.holders = 2;
        auto& fairness = side.backlog.fairness();
        side.in_a_row = fairness.is_ready(agenda_.now()) ? side.in_a_row + records.size() : 0;
        for (const auto& record : records)
            fairness.started(side.backlog.place_of(job, record.address));
        jobs.push_back(jobs_.add(std::move(job)));
        side.first.push_back({jobs.back(), Recipients(records)});
        side.promised += records.size();
    }
    return jobs;
}

bool Deliveries::advance()
{
    if (ending_) return false;
    const bool local = advance(sides_[0]);
    const bool remote = advance(sides_[1]);
    return local || remote;
}

bool Deliveries::advance(Side& side)
{
    if (!side.first.empty()) return advance_first(side);
    const bool is_free = side.channel.is_available();
    const auto give_slot = [&](std::size_t job, const queue::ChannelRecord& record) {
        side.in_a_row = 0;
        start(side, job, record);
    };
    // Before somebody gets more than his share, all who may wait are known.
    if (is_free && side.backlog.is_ready()) return side.backlog.next(give_slot);
    return side.backlog.look(is_free) || (is_free && side.backlog.next(give_slot));
}

bool Deliveries::advance_first(Side& side)
{
    auto& pass = side.first.front();
    auto& job = jobs_[pass.job];
    if (!job.suspended && !side.channel.is_available()) return false;
    if (!job.suspended && pass.recipients.next() == Recipients::State::record) {
        --side.promised;
        ++job.to_do;
        ++job.holders;
        start(side, pass.job, pass.recipients.current());
        if (!pass.recipients.are_over()) return true;
    }
    const auto left = pass.recipients.ahead();
    side.promised -= left.size();
    for (const auto& record : left)
        side.backlog.fairness().withdrawn(side.backlog.place_of(job, record.address));
    job.read_to_end = pass.recipients.are_over();
    const auto number = pass.job;
    side.first.pop_front();
    results_.let_go(jobs_, number);
    return true;
}

void Deliveries::start(Side& side, std::size_t number, const queue::ChannelRecord& record)
{
    const auto& job = jobs_[number];
    const bool hastened = job.channel == queue::Channel::remote && side.channel.sends_records() &&
                          asked_domains_.is_expected(record.address, agenda_.now());
    const Delivery delivery{next_delivery_++, number,         record.offset,
                            record.index,     record.address, hastened};
    std::string records;
    if (job.carries && side.channel.sends_records())
        if (const auto* info = results_.info_of(job.message))
            records = carried_on(*info, {job.channel, record.index});
    if (hastened) records += records.empty() ? "hastened=1" : " hastened=1";
    try {
        side.channel.start(delivery, spool_.short_name(job.message),
                           expand_verp(job.sender, record.address), std::move(records));
    } catch (const std::system_error&) {
        side.channel.broke();   // its end of file is on its way
    }
    log_.starting_delivery(delivery.id, job.message, job.channel, record.address);
    log_status();
}

EndedAttempt Deliveries::ended(const Delivery& delivery, const Job& job, char letter,
                               const std::string& report) const
{
    EndedAttempt attempt;
    attempt.delivery = delivery;
    attempt.message = job.message;
    attempt.channel = job.channel;
    attempt.sender = expand_verp(job.sender, delivery.recipient);
    attempt.reply = reply_of(letter, report);
    attempt.next_attempt = agenda_.wall_at(job.retry);
    attempt.last = job.last_attempt;
    return attempt;
}

void Deliveries::report(queue::Channel channel, const queue::Report& report)
{
    const auto delivery = side(channel).channel.finish(report);
    if (!delivery) {
        log_.warning("internal error: delivery report out of range");
        return;
    }
    auto text = report.text.substr(0, longest_text);
    auto letter = report.letter;
    const auto& job = jobs_[delivery->job];
    auto& backlog = side(channel).backlog;
    const auto outcome = outcome_of(channel, letter, text);
    if (delivery->hastened && outcome == Fairness::Outcome::unreachable)
        asked_domains_.unreachable(delivery->recipient);
    backlog.fairness().ended(backlog.place_of(job, delivery->recipient), outcome, agenda_.now());
    const bool reviewed = review_.is_on() && (letter == 'K' || !job.silent);
    EndedAttempt attempt;
    if (reviewed) attempt = ended(*delivery, job, letter, text);
    if (letter == 'Z' && job.last_attempt) {
        letter = 'D';
        text += too_old_text;
    }
    if (letter == 'K')
        log_.delivered(delivery->id, text);
    else if (letter == 'D')
        log_.failed(delivery->id, text);
    else
        letter == 'Z' ? log_.deferred(delivery->id, text) : log_.mangled(delivery->id);

    attempt.letter = letter;
    if (job.silent && letter != 'K') {
        log_.cancelled(job.message, job.channel, delivery->recipient);
        settle(*delivery, Fate::dropped, {});
    } else if (reviewed) {
        attempt.report = std::move(text);
        settle_undecided(std::move(attempt));
    } else if (letter == 'K' || letter == 'D') {
        settle(*delivery, letter == 'D' ? Fate::failed : Fate::delivered, text);
    } else {
        results_.deferred(job.message);
        results_.note_delay(jobs_[delivery->job], delivery->index, delivery->recipient, text);
        results_.let_go(jobs_, delivery->job);
    }
    log_status();
}

// What is delivered is written down whatever scanners say. The rest waits for them, and so does
// the job.
void Deliveries::settle_undecided(EndedAttempt attempt)
{
    const bool delivered = attempt.letter == 'K';
    if (delivered) settle(attempt.delivery, Fate::delivered, attempt.report);
    auto kept = results_.keep(std::move(attempt));
    if (!kept) return;
    if (const auto* info = records_.read(kept->message))
        review({*std::move(kept)}, *info);
    else if (!delivered)
        decided(*kept, undisturbed(*kept));
}

void Deliveries::review(std::vector<EndedAttempt> attempts, const MessageInfo& info)
{
    for (auto& attempt : attempts)
        review_.begin(
            std::move(attempt), info,
            [this](const EndedAttempt& ended, const Verdict& verdict) { decided(ended, verdict); });
}

void Deliveries::decided(const EndedAttempt& attempt, const Verdict& verdict)
{
    using hooks::DeliveryStatus;
    auto status = verdict.standing.status;
    if (attempt.letter != 'K') {
        if (status == DeliveryStatus::deferred &&
            (verdict.cancelled || jobs_[attempt.delivery.job].silent)) {
            status = DeliveryStatus::failed_silent;
            log_.cancelled(attempt.message, attempt.channel, attempt.delivery.recipient);
        }
        if (status == DeliveryStatus::deferred) {
            try_again(attempt, verdict.standing);
        } else {
            if (status == DeliveryStatus::failed) note(attempt, verdict.standing);
            const auto fate = status == DeliveryStatus::failed      ? Fate::failed
                              : status == DeliveryStatus::delivered ? Fate::delivered
                                                                    : Fate::dropped;
            settle(attempt.delivery, fate, attempt.report);
        }
    }
    if (verdict.cancelled) cancel(attempt.message);
}

void Deliveries::try_again(const EndedAttempt& attempt, const Standing& standing)
{
    auto& job = jobs_[attempt.delivery.job];
    note(attempt, standing);
    if (standing.next_attempt)
        job.retry = std::min(job.retry, agenda_.due_at(*standing.next_attempt));
    if (standing.next_dsn && *standing.next_dsn != never) {
        job.watched = true;
        job.retry = std::min(job.retry, agenda_.due_at(*standing.next_dsn));
    }
    results_.deferred(attempt.message);
    results_.note_delay(job, attempt.delivery.index, attempt.delivery.recipient, attempt.report);
    results_.let_go(jobs_, attempt.delivery.job);
}

// What info/S/N is to know of him from now on.
void Deliveries::note(const EndedAttempt& attempt, const Standing& standing)
{
    records_.change(attempt.message, agenda_.now(), [&](queue::Info& info) {
        auto& records = info.recipients[attempt.position()];
        auto state = read_state(records);
        ++state.attempts;
        state.last = attempt.reply;
        state.next = standing.next_attempt;
        state.next_dsn = standing.next_dsn;
        if (standing.status == hooks::DeliveryStatus::failed)
            state.failed = shown_recipient(
                without_virtual_prefix(config_.routing, attempt.delivery.recipient));
        write_state(records, state);
    });
}

void Deliveries::cancel(queue::MessageNumber n)
{
    if (!records_.change(n, agenda_.now(), make_silent)) return;   // it has left the queue
    jobs_.cancel(n, agenda_.now());
    agenda_.local.hasten(n, agenda_.now());
    agenda_.remote.hasten(n, agenda_.now());
}

// What cannot be written down now is held, with its job, and nothing more of that message is
// started.
void Deliveries::settle(const Delivery& delivery, Fate fate, const std::string& report)
{
    auto& job = jobs_[delivery.job];
    const auto written = results_.write({job.message,
                                         {job.channel, delivery.index},
                                         delivery.offset,
                                         delivery.recipient,
                                         fate,
                                         report,
                                         job.watched});
    if (written == Results::Written::not_yet) {
        job.suspended = true;
        held_.push_back({delivery, fate, report, agenda_.now() + held_pause});
        return;
    }
    if (written == Results::Written::done) --job.to_do;
    results_.let_go(jobs_, delivery.job);
}

void Deliveries::write_held(bool now)
{
    for (auto count = held_.size(); count > 0; --count) {
        auto held = std::move(held_.front());
        held_.pop_front();
        if (!now && held.due > agenda_.now()) {
            held_.push_back(std::move(held));
            continue;
        }
        jobs_[held.delivery.job].suspended = false;
        settle(held.delivery, held.fate, held.report);
    }
}

void Deliveries::make_all_due()
{
    agenda_.local.make_all_due(agenda_.now());
    agenda_.remote.make_all_due(agenda_.now());
    jobs_.make_waiting_due(agenda_.now());
}

void Deliveries::hasten_remote(const std::unordered_set<queue::MessageNumber>& messages)
{
    agenda_.remote.hasten(messages, agenda_.now());
    jobs_.hasten(queue::Channel::remote, messages, agenda_.now());
}

std::optional<Due> Deliveries::next_due() const
{
    std::optional<Due> next;
    const auto at = [&](Due due) { next = next ? std::min(*next, due) : due; };
    for (const auto& held : held_) at(held.due);
    if (ending_) return next;
    for (const auto& side : sides_) {
        const auto& heap = agenda_.of(side.channel.kind());
        if (!side.first.empty() &&
            (side.channel.is_available() || jobs_[side.first.front().job].suspended))
            at(agenda_.now());
        if (side.first.empty() && side.backlog.has_room() && !heap.empty()) at(heap.first().due);
    }
    return next;
}

bool Deliveries::all_ended() const
{
    return std::all_of(sides_.begin(), sides_.end(), [](const Side& side) {
        return !side.channel.is_alive() || side.channel.usage().running == 0;
    });
}

void Deliveries::log_status()
{
    log_.status(sides_[0].channel.usage(), sides_[1].channel.usage(), ending_);
}

}
