#include "send/verdict.hpp"

#include <algorithm>

namespace grapnel::send {

namespace {

using Status = hooks::DeliveryStatus;

constexpr std::int64_t soonest = 60;   // seconds

bool is_possible(Status from, Status to, const Term& term)
{
    if (from == to) return true;
    if (to == Status::deferred && term.last_attempt) return false;
    switch (from) {
    case Status::pending:
        return to != Status::delivered;
    case Status::deferred:
        return to != Status::pending;
    case Status::failed:
        return to == Status::failed_silent || to == Status::deferred;
    case Status::delivered:
    case Status::failed_silent:
        return false;
    }
    return false;
}

std::int64_t within(std::int64_t time, const Term& term)
{
    return std::max(term.now + soonest, std::min(time, term.end_of_life));
}

}

std::string apply(Standing& standing, const hooks::RecipientChange& change, const Term& term)
{
    std::string refused;
    const auto refuse = [&](std::string what) {
        refused += (refused.empty() ? "" : ", ") + std::move(what);
    };
    if (change.status && !is_possible(standing.status, *change.status, term))
        refuse(std::string(name(standing.status)) + " cannot become " +
               std::string(name(*change.status)));
    else if (change.status)
        standing.status = *change.status;

    const bool waits = standing.status == Status::deferred;
    if (!waits) standing.next_attempt.reset();
    if (change.next_attempt_at && !waits) refuse("no next attempt");
    if (change.next_attempt_at && waits)
        standing.next_attempt = within(*change.next_attempt_at, term);
    if (change.next_dsn_at && !waits) refuse("no next notice");
    if (change.next_dsn_at && waits)
        standing.next_dsn = *change.next_dsn_at == 0 ? 0 : within(*change.next_dsn_at, term);
    return refused;
}

}
