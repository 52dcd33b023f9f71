// What scanners have decided about a session or a message so far, and what a client hears of it
// (mta-hooks 10.1, 10.2). Pure.
#pragma once

#include "hooks/decision.hpp"
#include "smtpd/answer.hpp"

#include <cstdint>
#include <string>

namespace grapnel::smtpd {

// By rising strength. held: goes to the quarantine. dropped: taken, and then thrown away.
enum class Fate : std::uint8_t { normal, held, dropped };

struct Ruling {
    Fate fate = Fate::normal;
    std::string by = {};   // "SCANNER/REASON" where it is not normal

    // As the next scanner is told it.
    hooks::Action action() const
    {
        return fate == Fate::held ? hooks::Action::quarantine : hooks::Action::accept;
    }
    // What was decided at a stage whose facts had action(). A scanner may have been allowed to let
    // go what another held; silence changes nothing.
    void take(const hooks::Decision& decision);
};

bool is_refusal(const hooks::Decision& decision);

// The reply we would give, as scanners are shown it.
hooks::Response response_of(const Answer& answer);

// What the client is told instead of, or in the words of, ours. The action decides its class: a
// code that does not fit it is not used.
Answer reply_by(const hooks::Decision& decision, hooks::Stage stage, Answer ours);

}
