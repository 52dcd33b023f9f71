// Every line about calls (mta-hooks C75): what strangers chose is made printable, no values, no
// addresses, nothing of a message. Pure: the caller writes them.
#pragma once

#include "hooks/chain/metrics.hpp"
#include "hooks/edits/draft.hpp"
#include "hooks/scanner/scanner.hpp"

#include <string>
#include <string_view>

namespace grapnel::hooks::log {

// Where in the mail's way a line belongs.
struct Place {
    std::string_view scanner;
    Stage stage = Stage::connect;
    std::string_view id;   // queue.id; "" before there is one
};

struct Ending {
    CallEnding kind = CallEnding::failure;
    std::string_view why = {};
    Action before = Action::accept, after = Action::accept;
    std::size_t applied = 0, failed = 0;
};

std::string call(const Place& place, const CallOutcome& outcome, const Ending& ending);
std::string failed_edit(const Place& place, const CallOutcome& outcome, const FailedEdit& edit);
std::string more_failed_edits(const Place& place, const CallOutcome& outcome, std::size_t count);
std::string odd_answer(const Place& place, const CallOutcome& outcome);
// why: "verdict", "failure: timeout".
std::string chain_end(const Place& place, Action action, std::string_view why);
std::string not_stored(const Place& place, std::string_view why);

}
