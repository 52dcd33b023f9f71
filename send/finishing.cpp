#include "send/finishing.hpp"

#include "base/sys/file.hpp"
#include "send/bounce_file.hpp"
#include "send/outcome_file.hpp"
#include "send/report_notice.hpp"
#include "send/routing.hpp"
#include "send/wishes.hpp"

#include <optional>
#include <system_error>
#include <utility>

namespace grapnel::send {

namespace {

constexpr unsigned notices_at_once = 4;
constexpr Due review_pause = 1000;   // where scanners are still at others

// Remembers which file it was that could not be looked at.
struct Looker {
    bool operator()(std::string name)
    {
        path = std::move(name);
        return status_if_there(path).has_value();
    }
    std::string path = {};
};

}

Finishing::Finishing(Queue queue, NoticeSender& sender, const Config& config, Log& log,
                     std::function<void()> changed)
    : queue_(queue), sender_(sender), config_(config), log_(log), changed_(std::move(changed))
{
}

bool Finishing::has_room() const { return telling_ < notices_at_once; }

void Finishing::begin_due()
{
    while (has_room() && !ready_.empty()) {
        auto ready = std::move(ready_.front());
        ready_.pop_front();
        start_telling(std::move(ready));
    }
    while (has_room() && queue_.agenda.done.is_due(queue_.agenda.now()))
        finish(queue_.agenda.done.take().message);
}

// False: there is more to be done for it, or it is gone already. Throws system_error.
bool Finishing::is_finished(queue::MessageNumber n)
{
    Looker there;
    try {
        return !there(queue_.spool.local(n)) && !there(queue_.spool.remote(n)) &&
               !there(queue::Spool::todo(n)) && there(queue_.spool.info(n));
    } catch (const std::system_error&) {
        log_.warning("unable to stat " + there.path + "; will try again later");
        throw;
    }
}

void Finishing::finish(queue::MessageNumber n)
{
    try {
        if (!is_finished(n)) return;
    } catch (const std::system_error&) {
        return again_later(n);
    }
    const auto* info = queue_.records.read(n);
    if (!info) {
        log_.warning("trouble opening " + queue_.spool.info(n) + "; will try again later");
        return again_later(n);
    }
    if (queue_.interim.is_busy(n))
        return queue_.agenda.done.add(queue_.agenda.now() + review_pause, n);
    queue_.interim.forget(n);
    Looker there;
    try {
        if (there(queue::Spool::bounce(n))) return tell_sender(n, *info);
        if (there(outcome_file(n))) return tell_successes(n, *info);
    } catch (const std::system_error&) {
        log_.warning("unable to read " + there.path);
        return again_later(n);
    }
    eliminate(n);
}

// Throws system_error, as the next one.
void Finishing::tell_sender(queue::MessageNumber n, MessageInfo info)
{
    const auto now = queue_.agenda.wall_now();
    const bool is_report =
        !has_no_sender(info) && form_for(config_.reports, info) != ReportForm::qsbmf;
    if (is_report) mend_bounce(n);
    auto notice = is_report ? report_notice(queue_.spool, n, info, config_,
                                            ReportedMatter::Kind::failure, {}, now)
                            : make_notice(config_.bounce, info.sender, now, info.message);
    if (notice) {
        inherit_priority(info.message, notice->records);
        return go_on(n, std::move(info), std::move(*notice));
    }
    const bool is_double = without_verp_mark(info.sender).empty();
    log_.discarded_bounce(is_double ? "double" : "triple", queue::Spool::bounce(n));
    told(n, true);
}

void Finishing::tell_successes(queue::MessageNumber n, MessageInfo info)
{
    auto successes = outcomes_on_file(n).successes;
    if (successes.empty()) return eliminate(n);
    auto notice = report_notice(queue_.spool, n, info, config_, ReportedMatter::Kind::success,
                                std::move(successes), queue_.agenda.wall_now());
    go_on(n, std::move(info), std::move(notice));
}

void Finishing::go_on(queue::MessageNumber n, MessageInfo info, Notice notice)
{
    if (!sender_.review().wants(notice)) return start_telling({n, std::move(notice), {}});
    if (!sender_.review().has_room())
        return queue_.agenda.done.add(queue_.agenda.now() + review_pause, n);
    sender_.review().begin(
        n, std::move(info), notice,
        [this, n, notice](NoticeReview::Result result) { reviewed(n, notice, std::move(result)); });
}

// Failures first; then what else is to be told, and the end.
void Finishing::told(queue::MessageNumber n, bool of_failures)
{
    sender_.review().forget(n);
    try {
        if (!of_failures || !status_if_there(outcome_file(n))) return eliminate(n);
        remove_file(queue::Spool::bounce(n));
        queue_.agenda.done.add(queue_.agenda.now(), n);
    } catch (const std::system_error&) {
        log_.warning("unable to unlink " + queue::Spool::bounce(n));
        again_later(n);
    }
}

void Finishing::reviewed(queue::MessageNumber n, Notice notice, NoticeReview::Result result)
{
    using Answer = NoticeReview::Answer;
    if (result.answer == Answer::send)
        ready_.push_back({n, std::move(notice), std::move(result.changed)});
    else if (result.answer == Answer::suppress)
        told(n, notice.with_paragraphs);
    else
        queue_.agenda.done.add(result.again, n);
    changed_();
}

void Finishing::start_telling(Ready ready)
{
    ++telling_;
    const auto n = ready.message;
    net::start(sender_.executor(), tell(std::move(ready)), [this, n](std::exception_ptr trouble) {
        --telling_;
        if (trouble) {
            log_.warning("unable to start qmail-queue, will try later");
            again_later(n);
        }
        changed_();
    });
}

boost::asio::awaitable<void> Finishing::tell(Ready ready)
{
    const auto n = ready.message;
    const bool of_failures = ready.notice.with_paragraphs;
    try {
        if (of_failures) mend_bounce(n);
    } catch (const std::system_error&) {
        log_.warning("trouble injecting bounce message, will try later");
        again_later(n);
        co_return;
    }
    auto work = sender_.send(n, std::move(ready.notice), std::move(ready.changed));
    const Submitted submitted = co_await std::move(work);
    if (!submitted.outcome) {
        log_.warning("trouble injecting bounce message, will try later");
        again_later(n);
        co_return;
    }
    const auto qp = static_cast<std::uint64_t>(submitted.qp);
    of_failures ? log_.bounced(n, qp) : log_.notice(n, "success", qp);
    told(n, of_failures);
}

void Finishing::eliminate(queue::MessageNumber n)
{
    sender_.review().forget(n);
    queue_.records.forget(n);
    for (const auto& path : {queue::Spool::bounce(n), outcome_file(n)}) try {
            remove_file(path);
        } catch (const std::system_error&) {
            log_.warning("unable to unlink " + path);
            return again_later(n);
        }
    log_.ended(n);
    try {
        remove_file(queue_.spool.info(n));
    } catch (const std::system_error&) {
        log_.warning("unable to unlink " + queue_.spool.info(n) + "; will try again later");
        return again_later(n);
    }
    queue_.marks.eliminated(n, queue_.agenda.now());
}

void Finishing::remove(const std::vector<queue::MessageNumber>& messages)
{
    for (const auto n : messages) {
        const auto request = "foop/" + std::to_string(n);
        queue_.cleaner.ask(request, [this, request](char answer) {
            if (answer != '+') log_.warning("qmail-clean unable to clean up " + request);
            changed_();
        });
    }
}

void Finishing::again_later(queue::MessageNumber n)
{
    queue_.agenda.done.add(queue_.agenda.now() + retry_trouble, n);
}

}
