#include "send/results.hpp"

#include "base/sys/file.hpp"
#include "send/bounce.hpp"
#include "send/bounce_file.hpp"

#include <cerrno>
#include <system_error>

namespace grapnel::send {

namespace {

bool is_full_disk(const std::system_error& error)
{
    return error.code().value() == ENOSPC || error.code().value() == EDQUOT;
}

}

Results::Written Results::write(const Result& result)
{
    if (result.failed && broken_) return Written::to_do;
    if (!first_.contains(result.message)) return write_to_file(result);
    if (result.failed)
        first_.failed(result.message, result.channel, result.offset, paragraph(result));
    else
        first_.delivered(result.message, result.channel, result.offset);
    return Written::done;
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

// The paragraph of a failure is durable before the mark: in between the recipient would just be
// tried again.
Results::Written Results::write_to_file(const Result& result)
{
    if (result.failed) try {
            append_to_bounce(result.message, paragraph(result));
        } catch (const std::system_error&) {
            log_.bounce_trouble();
            return Written::not_yet;
        }
    try {
        marks_.done(result.channel, result.message, result.offset, agenda_.now());
    } catch (const std::system_error& error) {
        log_.warning("trouble marking " + channel_file(spool_, result.channel, result.message) +
                     "; message will be delivered twice!");
        if (is_full_disk(error)) return Written::not_yet;
    }
    return Written::done;
}

void Results::ended(const Job& job)
{
    const auto n = job.message;
    if (!job.read_to_end || job.to_do > 0) return agenda_.of(job.channel).add(job.retry, n);

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
        if (status_if_there(other)) return;
    } catch (const std::system_error&) {
        log_.warning("unable to stat " + other);
    }
    agenda_.done.add(agenda_.now(), n);
}

std::string Results::paragraph(const Result& result) const
{
    return failure_paragraph(without_virtual_prefix(config_.routing, result.recipient),
                             result.report);
}

}
