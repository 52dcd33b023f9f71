#include "send/hook_calls.hpp"

#include <utility>

namespace grapnel::send {

namespace {
constexpr Due longest_wait = 10'000;   // for a place; a call's own time begins with it
constexpr Due last_time = 10'000;      // after SIGTERM
constexpr Due between_complaints = 60'000;
}

HookCalls::HookCalls(net::Executor executor, hooks::Client& client, SubscriptionsNow subscriptions,
                     const Agenda& agenda, Log& log, std::function<void()> changed)
    : executor_(std::move(executor)),
      client_(client),
      subscriptions_(std::move(subscriptions)),
      agenda_(agenda),
      log_(log),
      changed_(std::move(changed))
{
}

bool HookCalls::is_on() const
{
    const auto subscriptions = subscriptions_();
    return subscriptions->wants(hooks::Stage::delivery) ||
           subscriptions->wants(hooks::Stage::defer) || subscriptions->wants(hooks::Stage::dsn);
}

void HookCalls::ask(hooks::Facts facts, Fd message, Answered answered)
{
    const auto now = agenda_.now();
    Question question{std::move(facts), std::move(message), std::move(answered), now};
    if (ends_ && *ends_ <= now) return leave_unanswered(std::move(question.answered));
    if (has_room()) return begin(std::move(question));
    if (waiting_.size() < most_waiting_) return waiting_.push_back(std::move(question));
    if (!complained_ || *complained_ + between_complaints <= now) {
        log_.warning("hooks: too many calls at once, going on without an answer");
        complained_ = now;
    }
    leave_unanswered(std::move(question.answered));
}

void HookCalls::begin(Question question)
{
    const auto number = next_number_++;
    running_.emplace(number, std::move(question.answered));
    net::start(executor_, run(number, std::move(question.facts), std::move(question.message)),
               [this, number](const std::exception_ptr& trouble) {
                   if (trouble) finish(number, std::nullopt);
               });
}

boost::asio::awaitable<void> HookCalls::run(std::uint64_t number, hooks::Facts facts, Fd message)
{
    auto call = client_.ask(std::move(facts), message.get(), {});
    auto decision = co_await std::move(call);
    finish(number, std::move(decision));
}

void HookCalls::finish(std::uint64_t number, std::optional<hooks::Decision> decision)
{
    const auto found = running_.find(number);
    if (found == running_.end()) return;   // given up
    answers_.push_back({std::move(found->second), std::move(decision)});
    running_.erase(found);
    changed_();
}

void HookCalls::leave_unanswered(Answered answered)
{
    answers_.push_back({std::move(answered), std::nullopt});
    changed_();
}

void HookCalls::hand_out()
{
    if (ends_ && *ends_ <= agenda_.now())
        for (auto& [number, answered] : std::exchange(running_, {}))
            leave_unanswered(std::move(answered));
    begin_waiting();
    while (!answers_.empty()) {
        auto answer = std::move(answers_.front());
        answers_.pop_front();
        answer.take(std::move(answer.decision));
    }
}

void HookCalls::begin_waiting()
{
    while (!waiting_.empty() && has_room()) {
        auto question = std::move(waiting_.front());
        waiting_.pop_front();
        if (question.asked + longest_wait <= agenda_.now())
            leave_unanswered(std::move(question.answered));
        else
            begin(std::move(question));
    }
}

void HookCalls::end()
{
    if (!ends_) ends_ = agenda_.now() + last_time;
    for (auto& question : std::exchange(waiting_, {}))
        leave_unanswered(std::move(question.answered));
}

std::optional<Due> HookCalls::next_due() const
{
    if (!answers_.empty()) return agenda_.now();
    return running_.empty() ? std::nullopt : ends_;
}

}
