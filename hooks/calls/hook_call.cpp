#include "hooks/calls/hook_call.hpp"

#include "base/net/timer.hpp"
#include "base/sys/clock.hpp"
#include "hooks/registration/chance.hpp"

#include <algorithm>

namespace grapnel::hooks {

namespace {

using net::SteadyClock;
using std::chrono::milliseconds;
using Kind = CallVerdict::Kind;

const std::vector<Pointer>& properties(const Agreement& agreement, Stage stage)
{
    return direction(stage) == Direction::inbound ? agreement.inbound : agreement.outbound;
}

const std::vector<Pointer>& may_change(const Agreement& agreement, Stage stage)
{
    return direction(stage) == Direction::inbound ? agreement.may_change
                                                  : agreement.may_change_outbound;
}

std::shared_ptr<SentBody> sent(std::shared_ptr<const RequestBody> body)
{
    auto open = [body]() -> net::ReadBody {
        const auto reader = std::make_shared<RequestBody::Reader>(*body);
        return [body, reader](char* room, std::size_t size) { return reader->read(room, size); };
    };
    return std::make_shared<SentBody>(
        SentBody{std::move(open), body->size(), body->serialization()});
}

}

HookCall::HookCall(CallSurroundings& around, Stage stage, std::uint64_t message_size,
                   MakeBody make_body, milliseconds limit)
    : around_(around),
      stage_(stage),
      message_size_(message_size),
      make_body_(std::move(make_body)),
      start_(SteadyClock::now()),
      deadline_(start_ + limit)
{
    outcome_.request_id = make_uuid7();
    const auto& live = around.registrar.current();
    const auto offered = live ? live->registration.timeout : std::nullopt;
    deadline_ = std::min(deadline_, start_ + call_budget(around.settings, offered, stage));
}

HookCall::~HookCall()
{
    if (!counted_) around_.breaker.unknown(admission_);
}

net::asio::awaitable<CallOutcome> HookCall::run()
{
    auto outcome = co_await work();
    outcome.took = std::chrono::duration_cast<milliseconds>(SteadyClock::now() - start_);
    co_return outcome;
}

net::asio::awaitable<CallOutcome> HookCall::work()
{
    admission_ = around_.breaker.admit(start_);
    if (admission_ == Breaker::Admission::no) co_return end(CallOutcome::Kind::failure, "breaker");
    if (around_.slots.crowded()) co_return end(CallOutcome::Kind::failure, "too many calls wait");
    const auto slot = co_await around_.slots.take(deadline_);
    if (!slot || SteadyClock::now() >= deadline_)
        co_return end(CallOutcome::Kind::failure, "timeout while others are called");
    for (;;) {
        std::string why;
        const auto lease = co_await around_.registrar.lease(deadline_, why);
        if (!lease) co_return end(CallOutcome::Kind::failure, why);
        const bool to_be_asked = prepare(lease);
        if (!to_be_asked) co_return outcome_;
        const auto verdict = co_await attempt(lease);
        if (verdict.kind == Kind::refused) around_.registrar.refused(verdict.why);
        if (verdict.kind == Kind::unregistered) {
            around_.registrar.gone(lease);
            if (std::exchange(registered_again_, true)) co_return end(verdict);
            continue;
        }
        const auto pause = pause_before_retry(verdict);
        if (!pause) co_return end(verdict);
        ++retries_;
        co_await net::sleep_for(*pause);
    }
}

// false: the outcome is there without asking.
bool HookCall::prepare(const Registrar::Lease& lease)
{
    const auto& agreement = lease.agreement();
    outcome_.agreement = agreement;
    deadline_ = std::min(
        deadline_, start_ + call_budget(around_.settings, lease.registration().timeout, stage_));
    if (!agreement->stages.has(stage_)) {
        outcome_ = end(CallOutcome::Kind::no_change, "stage was not agreed");
        return false;
    }
    const bool with_message = message_size_ > 0 && carries_message(properties(*agreement, stage_));
    if (with_message && agreement->message_limit && message_size_ > *agreement->message_limit) {
        outcome_ = end(CallOutcome::Kind::oversize,
                       "message over " + std::to_string(*agreement->message_limit) + " octets");
        return false;
    }
    const bool same = body_ && made_for_->serialization == agreement->serialization &&
                      properties(*made_for_, stage_) == properties(*agreement, stage_);
    if (same) return true;
    if (body_) outcome_.request_id = make_uuid7();   // C25: another body, another id
    body_ = sent(make_body_(*agreement));
    made_for_ = agreement;
    return true;
}

net::asio::awaitable<CallVerdict> HookCall::attempt(const Registrar::Lease& lease)
{
    const auto& agreement = *lease.agreement();
    ScannerRequest request;
    request.method = "POST";
    request.url = lease.registration().hook_url;
    request.accept = agreement.serialization;
    request.registration = agreement.id;
    request.request_id = outcome_.request_id;
    request.body = body_;
    request.answer_limit = answer_limit(agreement);
    request.deadline = deadline_;
    if (const auto limit = around_.settings.attempt_timeout)
        request.deadline = std::min<net::Moment>(deadline_, SteadyClock::now() + *limit);
    ++outcome_.attempts;
    auto reply = co_await around_.client.ask(std::move(request));
    outcome_.status = reply.status;
    auto verdict = judge_call(reply, agreement.serialization);
    if (verdict.kind == Kind::answer) outcome_.answer = std::move(reply.body);
    co_return verdict;
}

// 15.4: 1 MiB; with the whole message in the answer, that and its base64.
std::size_t HookCall::answer_limit(const Agreement& agreement) const
{
    constexpr std::uint64_t mebibyte = 1U << 20U, message = 64 * mebibyte;
    const auto& list = may_change(agreement, stage_);
    const bool whole = std::any_of(list.begin(), list.end(), [](const Pointer& pointer) {
        return pointer.size() == 1 && pointer[0] == "rawMessage";
    });
    if (!whole || !has_message(stage_)) return mebibyte;
    const auto ours = around_.message_limit > 0 ? around_.message_limit
                                                : agreement.message_limit.value_or(message);
    return static_cast<std::size_t>(std::min(ours, 16 * message) / 3 * 4 + mebibyte);
}

std::optional<milliseconds> HookCall::pause_before_retry(const CallVerdict& verdict) const
{
    if (!verdict.may_retry || retries_ >= around_.settings.retries) return std::nullopt;
    auto pause = retry_pause(retries_, milliseconds(static_cast<int>(chance() * 100)));
    if (verdict.retry_after) pause = std::max(pause, *verdict.retry_after);
    if (SteadyClock::now() + pause >= deadline_) return std::nullopt;
    return pause;
}

void HookCall::count(const CallVerdict& verdict)
{
    const auto before = around_.breaker.state();
    switch (verdict.kind) {
    case Kind::answer:
    case Kind::no_change:
        around_.breaker.good();
        break;
    case Kind::oversize:   // shows at least that it is there
        if (admission_ != Breaker::Admission::probe) return;
        around_.breaker.good();
        break;
    case Kind::malformed:
    case Kind::failure:
    case Kind::unregistered:
        if (!verdict.counts) return;
        around_.breaker.bad(SteadyClock::now());
        break;
    case Kind::refused:
        return;
    }
    counted_ = true;
    const auto after = around_.breaker.state();
    if (after == before) return;
    if (after == Breaker::State::open)
        around_.say("breaker opens: " + verdict.why);
    else if (after == Breaker::State::closed)
        around_.say("breaker closes");
}

CallOutcome HookCall::end(CallOutcome::Kind kind, std::string why)
{
    outcome_.kind = kind;
    outcome_.why = std::move(why);
    return std::move(outcome_);
}

CallOutcome HookCall::end(const CallVerdict& verdict)
{
    count(verdict);
    switch (verdict.kind) {
    case Kind::answer:
        return end(CallOutcome::Kind::answer, {});
    case Kind::no_change:
        return end(CallOutcome::Kind::no_change, {});
    case Kind::malformed:
        return end(CallOutcome::Kind::malformed, verdict.why);
    case Kind::oversize:
        return end(CallOutcome::Kind::oversize, verdict.why);
    default:
        return end(CallOutcome::Kind::failure, verdict.why);
    }
}

}
