#include "send/first_attempt.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace grapnel::send {

namespace {
constexpr Due patience = 1000;   // longer attempts go on as a classic message
}

FirstAttempt& FirstAttempts::begin(Number n, Sorted message, std::time_t birth, Due now)
{
    const auto recipients = message.recipients();
    FirstAttempt attempt{.message = std::move(message), .birth = birth};
    attempt.to_do = recipients;
    attempt.write_at = now + patience;
    due_.add(attempt.write_at, n);
    return attempts_.insert_or_assign(n, std::move(attempt)).first->second;
}

void FirstAttempts::finish(FirstAttempt& attempt, queue::Channel channel, std::uint64_t offset)
{
    auto& records = attempt.message.of(channel);
    const auto record =
        std::lower_bound(records.begin(), records.end(), offset,
                         [](const auto& one, std::uint64_t wanted) { return one.offset < wanted; });
    if (record == records.end() || record->offset != offset || record->done) return;
    record->done = true;
    --attempt.to_do;
}

void FirstAttempts::delivered(Number n, queue::Channel channel, std::uint64_t offset)
{
    finish(at(n), channel, offset);
    changed_.push_back(n);
}

void FirstAttempts::failed(Number n, queue::Channel channel, std::uint64_t offset,
                           std::string_view paragraph, std::string_view outcome)
{
    auto& attempt = at(n);
    finish(attempt, channel, offset);
    attempt.bounce += paragraph;
    attempt.outcomes += outcome;
    attempt.failed = true;
    deferred(n);
}

void FirstAttempts::deferred(Number n)
{
    auto& attempt = at(n);
    if (!attempt.put_off) attempt.write_at = std::numeric_limits<Due>::min();
    changed_.push_back(n);
}

void FirstAttempts::hurry()
{
    for (auto& [n, attempt] : attempts_) {
        attempt.write_at = std::numeric_limits<Due>::min();
        changed_.push_back(n);
    }
}

FirstAttempts::Next FirstAttempts::next(Due now)
{
    Next next;
    while (due_.is_due(now)) changed_.push_back(due_.take().message);
    for (const auto n : std::exchange(changed_, {})) look_at(n, now, next);
    return next;
}

void FirstAttempts::look_at(Number n, Due now, Next& next)
{
    const auto found = attempts_.find(n);
    if (found == attempts_.end() || found->second.leaving) return;
    auto& attempt = found->second;
    if (attempt.to_do == 0 && !attempt.failed) {
        attempt.leaving = true;
        next.leave.push_back(n);
    } else if (attempt.write_at <= now) {
        attempt.write_at = std::numeric_limits<Due>::max();
        next.write.push_back(n);
    }
}

void FirstAttempts::put_off(Number n, Due until)
{
    auto& attempt = at(n);
    attempt.put_off = true;
    attempt.write_at = until;
    due_.add(until, n);
}

void FirstAttempts::forget(Number n)
{
    attempts_.erase(n);
    if (attempts_.empty()) due_ = {};
}

std::optional<Due> FirstAttempts::next_due() const
{
    if (!changed_.empty()) return std::numeric_limits<Due>::min();
    if (due_.empty()) return std::nullopt;
    return due_.first().due;
}

std::vector<FirstAttempts::Number> FirstAttempts::all() const
{
    std::vector<Number> numbers;
    for (const auto& [n, attempt] : attempts_) numbers.push_back(n);
    return numbers;
}

}
