#include "send/interim_notices.hpp"

#include "base/net/timer.hpp"
#include "send/outcome_file.hpp"
#include "send/report_notice.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace grapnel::send {

namespace asio = boost::asio;

namespace {

using Kind = ReportedMatter::Kind;
constexpr std::size_t at_once = 4;
constexpr Due review_pause = 1000;   // where scanners are still at others

// What scanners have decided, for a coroutine that waits for it.
struct Decision {
    explicit Decision(const net::Executor& executor) : made(executor) {}
    net::Timer made;
    NoticeReview::Result result = {};
};

}

InterimNotices::InterimNotices(Queue queue, NoticeSender& sender, const Config& config, Log& log,
                               std::function<void()> changed)
    : queue_(queue), sender_(sender), config_(config), log_(log), changed_(std::move(changed))
{
}

void InterimNotices::add(Number n, std::vector<Outcome> delayed)
{
    put_off(n, std::move(delayed), queue_.agenda.now());
    changed_();
}

void InterimNotices::put_off(Number n, std::vector<Outcome> delayed, Due due)
{
    auto& waiting = waiting_[n];
    std::move(delayed.begin(), delayed.end(), std::back_inserter(waiting.delayed));
    waiting.due = due;
}

void InterimNotices::begin_due()
{
    if (broken_) throw *std::exchange(broken_, std::nullopt);
    const auto now = queue_.agenda.now();
    for (auto at = waiting_.begin(); at != waiting_.end() && busy_.size() < at_once;) {
        const auto n = at->first;
        if (at->second.due > now || is_busy(n)) {
            ++at;
            continue;
        }
        auto delayed = std::move(at->second.delayed);
        at = waiting_.erase(at);
        begin(n, std::move(delayed));
    }
}

void InterimNotices::begin(Number n, std::vector<Outcome> delayed)
{
    const auto* info = queue_.records.read(n);
    if (!info) return;
    // One who was told meanwhile, or asked twice.
    std::set<queue::Position> seen;
    std::erase_if(delayed, [&](const Outcome& outcome) {
        return !seen.insert(outcome.position).second ||
               !delay_due(config_.reports, *info, outcome.position, info->birth);
    });
    busy_.insert(n);
    net::start(sender_.executor(), run(n, *info, delayed),
               [this, n, delayed](std::exception_ptr trouble) {
                   busy_.erase(n);
                   changed_();
                   if (!trouble) return;
                   try {
                       std::rethrow_exception(trouble);
                   } catch (const Broken& broken) {
                       broken_ = broken;
                   } catch (const std::exception&) {
                       log_.warning("trouble telling the sender of " + std::to_string(n) +
                                    ", will try later");
                       put_off(n, delayed, queue_.agenda.now() + retry_trouble);
                   }
               });
}

asio::awaitable<void> InterimNotices::run(Number n, MessageInfo info, std::vector<Outcome> delayed)
{
    const auto now = queue_.agenda.wall_now();
    auto outcomes = outcomes_on_file(n);
    const auto told_so_far =
        told_line(outcomes.bytes);   // what comes while this is told is told later
    if (!outcomes.successes.empty()) {
        auto notice = report_notice(queue_.spool, n, info, config_, Kind::success,
                                    std::move(outcomes.successes), now);
        auto telling = tell(n, info, std::move(notice), "success");
        const Told told = co_await std::move(telling);
        if (told == Told::yes) append_outcomes(n, told_so_far);
    }
    if (delayed.empty()) co_return;
    auto notice = report_notice(queue_.spool, n, info, config_, Kind::delay, delayed, now);
    auto telling = tell(n, info, std::move(notice), "delay");
    const Told told = co_await std::move(telling);
    if (told == Told::yes) remember(n, delayed);
}

// Not now: it is tried again, for it was put off.
asio::awaitable<InterimNotices::Told> InterimNotices::tell(Number n, MessageInfo info,
                                                           Notice notice, std::string_view kind)
{
    using Answer = NoticeReview::Answer;
    NoticeReview::Result result;
    if (sender_.review().wants(notice)) {
        while (!sender_.review().has_room())
            co_await net::sleep_for(std::chrono::milliseconds(review_pause));
        const auto decision = std::make_shared<Decision>(sender_.executor());
        sender_.review().begin(n, std::move(info), notice, [decision](NoticeReview::Result made) {
            decision->result = std::move(made);
            decision->made.call();
        });
        co_await decision->made.wait();
        result = std::move(decision->result);
    }
    if (result.answer == Answer::wait) {
        // Successes are on file.
        put_off(n, kind == "delay" ? notice.about : std::vector<Outcome>{}, result.again);
        co_return Told::later;
    }
    sender_.review().forget(n);
    if (result.answer == Answer::suppress) co_return Told::yes;
    auto work = sender_.send(n, std::move(notice), std::move(result.changed));
    const Submitted submitted = co_await std::move(work);
    if (!submitted.outcome) throw std::runtime_error(submitted.outcome.error().text);
    log_.notice(n, kind, static_cast<std::uint64_t>(submitted.qp));
    co_return Told::yes;
}

// For delays this is when the notice went out (record delayed).
void InterimNotices::remember(Number n, const std::vector<Outcome>& delayed)
{
    const auto time = std::to_string(queue_.agenda.wall_now());
    queue_.records.change(n, queue_.agenda.now(), [&](queue::Info& info) {
        for (const auto& outcome : delayed) {
            auto& records = info.recipients[outcome.position];
            const auto before = records;
            records.set("delayed", time);
            if (!records.within(recipient_extension_limits)) records = before;
        }
    });
}

std::optional<Due> InterimNotices::next_due() const
{
    std::optional<Due> next;
    if (busy_.size() >= at_once) return next;
    for (const auto& [n, waiting] : waiting_)
        if (!is_busy(n)) next = next ? std::min(*next, waiting.due) : waiting.due;
    return broken_ ? queue_.agenda.now() : next;
}

}
