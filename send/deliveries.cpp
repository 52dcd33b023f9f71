#include "send/deliveries.hpp"

#include "send/bounce.hpp"
#include "send/message_info.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace grapnel::send {

namespace {

constexpr Due held_pause = 10'000;
constexpr std::size_t longest_text = 9998;   // 10,000 with number and letter, as in qmail
constexpr std::size_t longest_row = 3;       // then it is a waiting file's turn (reliability 6)

}

Deliveries::Deliveries(Channel& local, Channel& remote, const queue::Spool& spool, Agenda& agenda,
                       Results& results, const Config& config, Log& log)
    : sides_{Side{local}, Side{remote}},
      spool_(spool),
      agenda_(agenda),
      results_(results),
      config_(config),
      log_(log)
{
}

// A file could be read further, or opened.
bool Deliveries::waits(const Side& side) const
{
    return side.file || (may_open() && agenda_.of(side.channel.kind()).is_due(agenda_.now()));
}

Deliveries::Room Deliveries::room_for(const Sorted& message) const
{
    if (ending_ || message.recipients() == 0) return Room::never;
    auto room = Room::now;
    for (const auto& side : sides_) {
        const auto wanted = message.of(side.channel.kind()).size();
        const auto usage = side.channel.usage();
        if (wanted == 0) continue;
        if (!side.channel.is_alive() || wanted > usage.limit) return Room::never;
        if (usage.running + side.promised + wanted > usage.limit ||
            (side.in_a_row >= longest_row && waits(side)))
            room = Room::later;
    }
    return room;
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
        job.sender = message.info.sender;
        job.holders = 2;
        jobs.push_back(jobs_.add(std::move(job)));
        side.first.push_back({jobs.back(), Recipients(records)});
        side.promised += records.size();
        side.in_a_row = waits(side) ? side.in_a_row + records.size() : 0;
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
    return side.first.empty() ? advance_file(side) : advance_first(side);
}

bool Deliveries::advance_first(Side& side)
{
    auto& pass = side.first.front();
    const bool stopped = jobs_[pass.job].suspended;
    if (!stopped && !side.channel.is_available()) return false;
    if (!stopped && pass.recipients.next() == Recipients::State::record) {
        --side.promised;
        start(side, pass.job, pass.recipients.current());
        if (!pass.recipients.are_over()) return true;
    }
    side.promised -= pass.recipients.left();
    const auto job = pass.job;
    jobs_[job].read_to_end = pass.recipients.are_over();
    side.first.pop_front();
    let_go(job);
    return true;
}

// One record of the file that is open, or the opening of the next one.
bool Deliveries::advance_file(Side& side)
{
    if (!side.file) return open_next(side);
    const auto job = side.file->job;
    if (jobs_[job].suspended) {
        end_file(side, false);
        return true;
    }
    if (!side.channel.is_available()) return false;
    const auto path = channel_file(spool_, side.channel.kind(), jobs_[job].message);
    try {
        switch (side.file->recipients.next()) {
        case Recipients::State::record:
            if (!side.file->recipients.current().done) {
                side.in_a_row = 0;
                start(side, job, side.file->recipients.current());
            }
            if (side.file->recipients.are_over()) end_file(side, true);
            break;
        case Recipients::State::end:
            end_file(side, true);
            break;
        case Recipients::State::unknown_record:
            log_.warning("unknown record type in " + path + "!");
            end_file(side, false);
            break;
        }
    } catch (const std::system_error&) {
        log_.warning("trouble reading " + path + "; will try again later");
        end_file(side, false);
    }
    return true;
}

bool Deliveries::open_next(Side& side)
{
    auto& heap = agenda_.of(side.channel.kind());
    if (!may_open() || !heap.is_due(agenda_.now())) return false;
    const auto n = heap.take().message;
    auto path = channel_file(spool_, side.channel.kind(), n);
    try {
        Recipients recipients(path);
        const auto info = read_message_info(spool_, n);
        if (!info) {
            path = spool_.info(n);
            throw std::system_error(EIO, std::generic_category());
        }
        const auto now = agenda_.wall_now();
        Job job;
        job.message = n;
        job.channel = side.channel.kind();
        job.retry = agenda_.due_at(next_attempt(info->birth, now, job.channel));
        job.last_attempt = is_last_attempt(info->birth, now, config_.lifetime);
        job.sender = info->sender;
        job.holders = 1;
        job.from_file = true;
        side.file.emplace(Pass{jobs_.add(std::move(job)), std::move(recipients)});
    } catch (const std::system_error&) {
        log_.warning("trouble opening " + path + "; will try again later");
        heap.add(agenda_.now() + retry_trouble, n);
    }
    return true;
}

void Deliveries::end_file(Side& side, bool read_to_end)
{
    const auto job = side.file->job;
    side.file.reset();
    jobs_[job].read_to_end = read_to_end;
    let_go(job);
}

void Deliveries::start(Side& side, std::size_t number, const queue::ChannelRecord& record)
{
    auto& job = jobs_[number];
    ++job.to_do;
    ++job.holders;
    const Delivery delivery{next_delivery_++, number, record.offset, record.address};
    try {
        side.channel.start(delivery, spool_.short_name(job.message),
                           expand_verp(job.sender, record.address));
    } catch (const std::system_error&) {
        side.channel.broke();   // its end of file is on its way
    }
    log_.starting_delivery(delivery.id, job.message, job.channel, record.address);
    log_status();
}

// As many as could be busy with a delivery each.
bool Deliveries::may_open() const
{
    return jobs_.from_files() < sides_[0].channel.usage().limit + sides_[1].channel.usage().limit;
}

// The last one to let go of a job puts its message back on the agenda, or on to its end.
void Deliveries::let_go(std::size_t number)
{
    if (--jobs_[number].holders == 0) results_.ended(jobs_.take(number));
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
    if (letter == 'Z' && job.last_attempt) {
        letter = 'D';
        text += too_old_text;
    }
    if (letter == 'K' || letter == 'D') {
        letter == 'K' ? log_.delivered(delivery->id, text) : log_.failed(delivery->id, text);
        settle(*delivery, letter == 'D', text);
    } else {
        letter == 'Z' ? log_.deferred(delivery->id, text) : log_.mangled(delivery->id);
        results_.deferred(job.message);
        let_go(delivery->job);
    }
    log_status();
}

// What cannot be written down now is held, with its job, and nothing more of that message is
// started.
void Deliveries::settle(const Delivery& delivery, bool failed, const std::string& report)
{
    auto& job = jobs_[delivery.job];
    const auto written = results_.write(
        {job.message, job.channel, delivery.offset, delivery.recipient, failed, report});
    if (written == Results::Written::not_yet) {
        job.suspended = true;
        held_.push_back({delivery, failed, report, agenda_.now() + held_pause});
        return;
    }
    if (written == Results::Written::done) --job.to_do;
    let_go(delivery.job);
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
        settle(held.delivery, held.failed, held.report);
    }
}

void Deliveries::make_all_due()
{
    agenda_.local.make_all_due(agenda_.now());
    agenda_.remote.make_all_due(agenda_.now());
    jobs_.make_waiting_due(agenda_.now());
}

std::optional<Due> Deliveries::next_due() const
{
    std::optional<Due> next;
    const auto at = [&](Due due) { next = next ? std::min(*next, due) : due; };
    for (const auto& held : held_) at(held.due);
    if (ending_) return next;
    for (const auto& side : sides_) {
        const auto& heap = agenda_.of(side.channel.kind());
        const auto* pass = !side.first.empty() ? &side.first.front()
                           : side.file         ? &*side.file
                                               : nullptr;
        if (pass && (side.channel.is_available() || jobs_[pass->job].suspended)) at(agenda_.now());
        if (!pass && may_open() && !heap.empty()) at(heap.first().due);
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
