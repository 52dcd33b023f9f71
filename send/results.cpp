#include "send/results.hpp"

#include "base/sys/file.hpp"
#include "send/bounce.hpp"
#include "send/bounce_file.hpp"
#include "send/outcome_file.hpp"

#include <cerrno>
#include <system_error>

namespace grapnel::send {

namespace {

bool is_full_disk(const std::system_error& error)
{
    return error.code().value() == ENOSPC || error.code().value() == EDQUOT;
}

}

Results::Results(const queue::Spool& spool, Agenda& agenda, Marks& marks, MessageRecords& records,
                 FirstAttempts& first, const Config& config, Log& log, Tell tell)
    : spool_(spool),
      agenda_(agenda),
      marks_(marks),
      records_(records),
      first_(first),
      config_(config),
      log_(log),
      tell_(std::move(tell))
{
}

Results::Written Results::write(const Result& result)
{
    const bool told = is_told(result);
    if (told && broken_) return Written::to_do;
    const auto outcome = outcome_line(result, told);
    if (!first_.contains(result.message)) return write_to_file(result, told, outcome);
    if (told)
        first_.failed(result.message, result.position.channel, result.offset, paragraph(result),
                      outcome);
    else
        first_.delivered(result.message, result.position.channel, result.offset);
    return Written::done;
}

const queue::Info* Results::info_of(queue::MessageNumber n)
{
    return first_.contains(n) ? &first_.at(n).message.info : records_.read(n);
}

// A failure that the sender, or else the postmaster, wants to hear of.
bool Results::is_told(const Result& result)
{
    if (result.fate != Fate::failed || !result.is_watched) return result.fate == Fate::failed;
    const auto* info = info_of(result.message);
    return !info || notify_of(*info, result.position).failure;
}

// Empty where nothing is kept for a report.
std::string Results::outcome_line(const Result& result, bool failure_is_told)
{
    if (!result.is_watched || result.fate == Fate::dropped) return {};
    const auto* info = info_of(result.message);
    if (!info || has_no_sender(*info)) return {};
    const auto address = shown_recipient(shown(result.recipient));
    if (result.fate == Fate::failed)
        return failure_is_told && form_for(config_.reports, *info) != ReportForm::qsbmf
                   ? encode(make_outcome(result.position, Action::failed, address, 'D',
                                         result.report, agenda_.wall_now()))
                   : std::string();
    const auto action = success_of(result.position.channel, result.report);
    if (!action || !wants_success(*info, result.position, *action)) return {};
    return encode(
        make_outcome(result.position, *action, address, 'K', result.report, agenda_.wall_now()));
}

void Results::note_delay(Job& job, std::size_t index, std::string_view recipient,
                         std::string_view report)
{
    if (!job.watched || first_.contains(job.message)) return;
    const auto* info = records_.read(job.message);
    if (!info) return;
    const queue::Position position{job.channel, index};
    const auto due = delay_due(config_.reports, *info, position, info->birth);
    const auto now = agenda_.wall_now();
    if (!due || *due > now) return;
    job.delayed.push_back(make_outcome(position, Action::delayed, shown_recipient(shown(recipient)),
                                       'Z', report, now));
}

void Results::deferred(queue::MessageNumber n)
{
    if (first_.contains(n)) first_.deferred(n);
}

// A deferral, and a failure that may not be the last word, goes on from files.
std::optional<EndedAttempt> Results::keep(EndedAttempt attempt)
{
    const auto n = attempt.message;
    if (!first_.contains(n)) return attempt;
    if (attempt.letter != 'K') first_.deferred(n);
    first_.at(n).ended.push_back(std::move(attempt));
    return std::nullopt;
}

// What is told of him is durable before the mark: in between the recipient would just be tried
// again.
Results::Written Results::write_to_file(const Result& result, bool failure_is_told,
                                        const std::string& outcome)
{
    const auto [channel, index] = result.position;
    try {
        // A success is marked on a broken disk, too: no flush can be relied on any more, but mark
        // and outcome may well get there. A failure is tried again rather.
        if (!outcome.empty())
            broken_ && !failure_is_told ? write_outcomes(result.message, outcome)
                                        : append_outcomes(result.message, outcome);
        if (failure_is_told) append_to_bounce(result.message, paragraph(result));
    } catch (const std::system_error&) {
        log_.bounce_trouble();
        return Written::not_yet;
    }
    try {
        marks_.done(channel, result.message, result.offset, agenda_.now());
    } catch (const std::system_error& error) {
        log_.warning("trouble marking " + channel_file(spool_, channel, result.message) +
                     "; message will be delivered twice!");
        if (is_full_disk(error)) return Written::not_yet;
    }
    return Written::done;
}

void Results::ended(Job job)
{
    const auto n = job.message;
    const auto tell = [&] {
        if (job.has_successes || !job.delayed.empty()) tell_(n, std::move(job.delayed));
    };
    if (!job.read_to_end || job.to_do > 0) {
        agenda_.of(job.channel).add(job.retry, n);
        return tell();
    }

    const auto path = channel_file(spool_, job.channel, n);
    try {
        remove_file(path);
    } catch (const std::system_error&) {
        log_.warning("unable to unlink " + path + "; will try again later");
        return agenda_.of(job.channel).add(agenda_.now() + retry_trouble, n);
    }
    marks_.finished(job.channel, n, agenda_.now());
    const auto other = job.channel == queue::Channel::local ? spool_.remote(n) : spool_.local(n);
    try {
        if (status_if_there(other)) return tell();
    } catch (const std::system_error&) {
        log_.warning("unable to stat " + other);
    }
    agenda_.done.add(agenda_.now(), n);
}

std::string Results::paragraph(const Result& result) const
{
    return failure_paragraph(shown(result.recipient), result.report);
}

std::string_view Results::shown(std::string_view recipient) const
{
    return without_virtual_prefix(config_.routing, recipient);
}

}
