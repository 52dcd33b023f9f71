#include "send/deliveries.hpp"

#include "base/sys/file.hpp"
#include "send/bounce.hpp"
#include "send/bounce_file.hpp"
#include "send/message_info.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace grapnel::send {

namespace {

constexpr Due held_pause = 10'000;
constexpr std::size_t longest_text = 9998;   // 10,000 with number and letter, as in qmail

bool is_full_disk(const std::system_error& error)
{
    return error.code().value() == ENOSPC || error.code().value() == EDQUOT;
}

}

Deliveries::Deliveries(Channel& local, Channel& remote, const queue::Spool& spool, Agenda& agenda,
                       Marks& marks, const Config& config, Log& log)
    : sides_{Side{local, std::nullopt}, Side{remote, std::nullopt}},
      spool_(spool),
      agenda_(agenda),
      marks_(marks),
      config_(config),
      log_(log),
      jobs_(local.usage().limit + remote.usage().limit)
{
}

bool Deliveries::advance()
{
    if (ending_) return false;
    const bool local = advance(sides_[0]);
    const bool remote = advance(sides_[1]);
    return local || remote;
}

// One record of the file that is open, or the opening of the next one.
bool Deliveries::advance(Side& side)
{
    if (!side.pass) return open_next(side);
    if (jobs_[side.pass->job]->suspended) {
        end_pass(side, false);
        return true;
    }
    if (!side.channel.is_available()) return false;
    const auto path = channel_file(spool_, side.channel.kind(), jobs_[side.pass->job]->message);
    try {
        switch (side.pass->file.next()) {
        case RecipientFile::State::record:
            if (!side.pass->file.current().done) start(side, side.pass->file.current());
            break;
        case RecipientFile::State::end:
            end_pass(side, true);
            break;
        case RecipientFile::State::unknown_record:
            log_.warning("unknown record type in " + path + "!");
            end_pass(side, false);
            break;
        }
    } catch (const std::system_error&) {
        log_.warning("trouble reading " + path + "; will try again later");
        end_pass(side, false);
    }
    return true;
}

bool Deliveries::open_next(Side& side)
{
    auto& heap = agenda_.of(side.channel.kind());
    const auto number = free_job();
    if (!number || !heap.is_due(agenda_.now())) return false;
    const auto n = heap.take().message;
    auto path = channel_file(spool_, side.channel.kind(), n);
    try {
        RecipientFile file(path);
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
        jobs_[*number] = std::move(job);
        side.pass.emplace(Pass{*number, std::move(file)});
    } catch (const std::system_error&) {
        log_.warning("trouble opening " + path + "; will try again later");
        heap.add(agenda_.now() + retry_trouble, n);
    }
    return true;
}

void Deliveries::end_pass(Side& side, bool read_to_end)
{
    const auto job = side.pass->job;
    side.pass.reset();
    jobs_[job]->read_to_end = read_to_end;
    release(job);
}

void Deliveries::start(Side& side, const queue::ChannelRecord& record)
{
    auto& job = *jobs_[side.pass->job];
    ++job.to_do;
    ++job.holders;
    const Delivery delivery{next_delivery_++, side.pass->job, record.offset, record.address};
    try {
        side.channel.start(delivery, spool_.short_name(job.message),
                           expand_verp(job.sender, record.address));
    } catch (const std::system_error&) {
        side.channel.broke();   // its end of file is on its way
    }
    log_.starting_delivery(delivery.id, job.message, job.channel, record.address);
    log_status();
}

std::optional<std::size_t> Deliveries::free_job() const
{
    const auto found = std::find(jobs_.begin(), jobs_.end(), std::nullopt);
    if (found == jobs_.end()) return std::nullopt;
    return static_cast<std::size_t>(found - jobs_.begin());
}

// The last one to let go of a job puts its message back on the agenda, or on to its end.
void Deliveries::release(std::size_t number)
{
    auto& job = *jobs_[number];
    if (--job.holders > 0) return;
    const Job ended = std::move(job);
    jobs_[number].reset();
    const auto n = ended.message;
    if (!ended.read_to_end || ended.to_do > 0) return agenda_.of(ended.channel).add(ended.retry, n);

    const auto path = channel_file(spool_, ended.channel, n);
    try {
        remove_file(path);
    } catch (const std::system_error&) {
        log_.warning("unable to unlink " + path + "; will try again later");
        return agenda_.of(ended.channel).add(agenda_.now() + retry_trouble, n);
    }
    marks_.finished(ended.channel, n, agenda_.now());
    const auto other = ended.channel == queue::Channel::local ? spool_.remote(n) : spool_.local(n);
    try {
        if (status_if_there(other)) return;
    } catch (const std::system_error&) {
        log_.warning("unable to stat " + other);
    }
    agenda_.done.add(agenda_.now(), n);
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
    if (letter == 'Z' && jobs_[delivery->job]->last_attempt) {
        letter = 'D';
        text += too_old_text;
    }
    switch (letter) {
    case 'K':
        log_.delivered(delivery->id, text);
        settle(*delivery, false, text);
        break;
    case 'D':
        log_.failed(delivery->id, text);
        settle(*delivery, true, text);
        break;
    case 'Z':
        log_.deferred(delivery->id, text);
        release(delivery->job);
        break;
    default:
        log_.mangled(delivery->id);
        release(delivery->job);
    }
    log_status();
}

// What cannot be written down now is held, with its job, and nothing more of that message is
// started.
void Deliveries::settle(const Delivery& delivery, bool failed, const std::string& report)
{
    if (write_down(delivery, failed, report)) return release(delivery.job);
    auto& job = *jobs_[delivery.job];
    job.suspended = true;
    held_.push_back({delivery, job.channel, failed, report, agenda_.now() + held_pause});
}

// The paragraph of a failure is durable before the mark: in between the recipient would just be
// tried again.
bool Deliveries::write_down(const Delivery& delivery, bool failed, const std::string& report)
{
    auto& job = *jobs_[delivery.job];
    if (failed && broken_) return true;   // stays to be done
    if (failed) try {
            append_to_bounce(
                job.message,
                failure_paragraph(without_virtual_prefix(config_.routing, delivery.recipient),
                                  report));
        } catch (const std::system_error&) {
            log_.alert("unable to append to bounce message; HELP! sleeping...");
            return false;
        }
    try {
        marks_.done(job.channel, job.message, delivery.offset, agenda_.now());
    } catch (const std::system_error& error) {
        log_.warning("trouble marking " + channel_file(spool_, job.channel, job.message) +
                     "; message will be delivered twice!");
        if (is_full_disk(error)) return false;
    }
    --job.to_do;
    return true;
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
        jobs_[held.delivery.job]->suspended = false;
        settle(held.delivery, held.failed, held.report);
    }
}

std::optional<Due> Deliveries::next_due() const
{
    std::optional<Due> next;
    const auto at = [&](Due due) { next = next ? std::min(*next, due) : due; };
    for (const auto& held : held_) at(held.due);
    if (ending_) return next;
    const bool may_open = free_job().has_value();
    for (const auto& side : sides_) {
        const auto& heap = agenda_.of(side.channel.kind());
        if (side.pass && (side.channel.is_available() || jobs_[side.pass->job]->suspended))
            at(agenda_.now());
        if (!side.pass && may_open && !heap.empty()) at(heap.first().due);
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
