#include "send/finishing.hpp"

#include "base/sys/file.hpp"
#include "send/bounce_file.hpp"
#include "send/message_info.hpp"
#include "send/notice_submission.hpp"

#include <optional>
#include <system_error>
#include <utility>

namespace grapnel::send {

namespace {

constexpr unsigned notices_at_once = 4;

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

Finishing::Finishing(net::Executor executor, const queue::Spool& spool, Agenda& agenda,
                     Marks& marks, Cleaner& cleaner, const BounceNames& names, int helper, Log& log,
                     std::function<void()> changed)
    : executor_(std::move(executor)),
      spool_(spool),
      agenda_(agenda),
      marks_(marks),
      cleaner_(cleaner),
      names_(names),
      helper_(helper),
      log_(log),
      changed_(std::move(changed))
{
}

bool Finishing::has_room() const { return telling_ < notices_at_once; }

void Finishing::begin_due()
{
    while (has_room() && agenda_.done.is_due(agenda_.now())) finish(agenda_.done.take().message);
}

// False: there is more to be done for it, or it is gone already. Throws system_error.
bool Finishing::is_finished(queue::MessageNumber n)
{
    Looker there;
    try {
        return !there(spool_.local(n)) && !there(spool_.remote(n)) &&
               !there(queue::Spool::todo(n)) && there(spool_.info(n));
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
    const auto info = read_message_info(spool_, n);
    if (!info) {
        log_.warning("trouble opening " + spool_.info(n) + "; will try again later");
        return again_later(n);
    }
    const auto path = queue::Spool::bounce(n);
    try {
        if (!status_if_there(path)) return eliminate(n);
    } catch (const std::system_error&) {
        log_.warning("unable to stat " + path);
        return again_later(n);
    }
    tell_sender(n, info->sender);
}

void Finishing::tell_sender(queue::MessageNumber n, const std::string& sender)
{
    auto notice = make_notice(names_, sender, agenda_.wall_now());
    if (!notice) {
        log_.triple_bounce(queue::Spool::bounce(n));
        return eliminate(n);
    }
    ++telling_;
    net::start(executor_, tell(n, std::move(*notice)), [this, n](std::exception_ptr trouble) {
        --telling_;
        if (trouble) {
            log_.warning("unable to start qmail-queue, will try later");
            again_later(n);
        }
        changed_();
    });
}

boost::asio::awaitable<void> Finishing::tell(queue::MessageNumber n, Notice notice)
{
    mend_bounce(n);
    auto work = submit_notice(helper_, std::move(notice), queue::Spool::bounce(n), spool_.mess(n));
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
    const auto bounce = queue::Spool::bounce(n);
    try {
        remove_file(bounce);
    } catch (const std::system_error&) {
        log_.warning("unable to unlink " + bounce);
        return again_later(n);
    }
    log_.ended(n);
    try {
        remove_file(spool_.info(n));
    } catch (const std::system_error&) {
        log_.warning("unable to unlink " + spool_.info(n) + "; will try again later");
        return again_later(n);
    }
    marks_.eliminated(n, agenda_.now());
}

void Finishing::remove(const std::vector<queue::MessageNumber>& messages)
{
    for (const auto n : messages) {
        const auto request = "foop/" + std::to_string(n);
        cleaner_.ask(request, [this, request](char answer) {
            if (answer != '+') log_.warning("qmail-clean unable to clean up " + request);
            changed_();
        });
    }
}

void Finishing::again_later(queue::MessageNumber n)
{
    agenda_.done.add(agenda_.now() + retry_trouble, n);
}

}
