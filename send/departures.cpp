#include "send/departures.hpp"

#include <utility>

namespace grapnel::send {

void Departures::ask(Number n, Failure at_failure, std::function<void()> gone)
{
    leaving_.insert_or_assign(n, Leaving{std::move(gone), at_failure});
    request(n);
}

void Departures::ask_again()
{
    while (again_.is_due(agenda_.now())) request(again_.take().message);
}

void Departures::request(Number n)
{
    ++unanswered_;
    cleaner_.ask(queue::Spool::todo(n), [this, n](char answer) { answered(n, answer); });
}

void Departures::answered(Number n, char answer)
{
    --unanswered_;
    const auto leaving = leaving_.find(n);
    if (leaving == leaving_.end()) return;   // asked twice
    if (answer == '+') {
        const auto gone = std::move(leaving->second.gone);
        leaving_.erase(leaving);
        gone();
    } else {
        log_.warning("qmail-clean unable to clean up " + queue::Spool::todo(n));
        if (leaving->second.at_failure == Failure::forget)
            leaving_.erase(leaving);
        else
            again_.add(agenda_.now() + retry_trouble, n);
    }
    changed_();
}

std::optional<Due> Departures::next_due() const
{
    if (again_.empty()) return std::nullopt;
    return again_.first().due;
}

}
