// What a scanner may make of a recipient at delivery and defer, and of the message (mta-hooks 13.3,
// 13.4). Pure.
#pragma once

#include "hooks/decision.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace grapnel::send {

// What becomes of a recipient whose attempt has ended.
struct Standing {
    hooks::DeliveryStatus status = hooks::DeliveryStatus::deferred;
    std::optional<std::int64_t> next_attempt = {};   // unix seconds; else as the schedule says
    std::optional<std::int64_t> next_dsn = {};       // unix seconds, or never
    bool operator==(const Standing&) const = default;
};

struct Verdict {
    Standing standing;
    bool cancelled = false;   // all of the message's recipients that are not done
};

struct Term {
    std::int64_t now = 0, end_of_life = 0;   // unix seconds
    bool last_attempt = false;               // there cannot be another one
};

// Makes the change as far as it is possible. Returns what was refused, in words for the log; empty:
// nothing.
std::string apply(Standing& standing, const hooks::RecipientChange& change, const Term& term);

}
