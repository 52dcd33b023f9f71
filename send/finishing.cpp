#include "send/finishing.hpp"

#include "base/sys/file.hpp"
#include "send/bounce_file.hpp"
#include "send/notice_submission.hpp"
#include "send/routing.hpp"

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

Finishing::Finishing(net::Executor executor, Queue queue, NoticeReview& review,
                     const BounceNames& names, int helper, Log& log, std::function<void()> changed)
    : executor_(std::move(executor)),
      queue_(queue),
      review_(review),
      names_(names),
      helper_(helper),
      log_(log),
      changed_(std::move(changed))
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
    const auto path = queue::Spool::bounce(n);
    try {
        if (!status_if_there(path)) return eliminate(n);
    } catch (const std::system_error&) {
        log_.warning("unable to stat " + path);
        return again_later(n);
    }
    tell_sender(n, *info);
}

void Finishing::tell_sender(queue::MessageNumber n, MessageInfo info)
{
    auto notice = make_notice(names_, info.sender, queue_.agenda.wall_now());
    if (!notice) {
        const bool is_double = without_verp_mark(info.sender).empty();
        log_.discarded_bounce(is_double ? "double" : "triple", queue::Spool::bounce(n));
        return eliminate(n);
    }
    if (!review_.wants(*notice)) return start_telling({n, std::move(*notice), {}});
    if (!review_.has_room()) return queue_.agenda.done.add(queue_.agenda.now() + review_pause, n);
    review_.begin(n, std::move(info), *notice,
                  [this, n, notice = *notice](NoticeReview::Result result) {
                      reviewed(n, notice, std::move(result));
                  });
}

void Finishing::reviewed(queue::MessageNumber n, Notice notice, NoticeReview::Result result)
{
    using Answer = NoticeReview::Answer;
    if (result.answer == Answer::send)
        ready_.push_back({n, std::move(notice), std::move(result.changed)});
    else if (result.answer == Answer::suppress)
        eliminate(n);
    else
        queue_.agenda.done.add(result.again, n);
    changed_();
}

void Finishing::start_telling(Ready ready)
{
    ++telling_;
    const auto n = ready.message;
    net::start(executor_, tell(std::move(ready)), [this, n](std::exception_ptr trouble) {
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
    mend_bounce(n);
    auto work = ready.changed ? submit_text(helper_, std::move(ready.notice),
                                            std::move(ready.changed->text), ready.changed->size)
                              : submit_notice(helper_, std::move(ready.notice),
                                              queue::Spool::bounce(n), queue_.spool.mess(n));
    const Submitted submitted = co_await std::move(work);
    if (!submitted.outcome) {
        log_.warning("trouble injecting bounce message, will try later");
        again_later(n);
        co_return;
    }
    log_.bounced(n, static_cast<std::uint64_t>(submitted.qp));
    eliminate(n);
}

void Finishing::eliminate(queue::MessageNumber n)
{
    review_.forget(n);
    queue_.records.forget(n);
    const auto bounce = queue::Spool::bounce(n);
    try {
        remove_file(bounce);
    } catch (const std::system_error&) {
        log_.warning("unable to unlink " + bounce);
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
