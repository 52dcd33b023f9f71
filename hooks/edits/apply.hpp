// One answer of a scanner, tried on a copy of the stage (mta-hooks 9.1, 10, 12): it is malformed,
// or a downgrade, and nothing is done; or it is done but for the edits that fail.
#pragma once

#include "hooks/edits/draft.hpp"
#include "hooks/scanner/scanner.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace grapnel::hooks {

// What answers of a scanner may do.
struct AnswerRules {
    std::shared_ptr<const Agreement> agreement = {};
    bool may_downgrade = false, relay_recipients = false;
    AskMayAdd may_add = {};
    net::SteadyClock::time_point deadline = net::SteadyClock::time_point::max();
};

struct Applied {
    enum class Verdict : std::uint8_t { done, malformed, downgrade, too_slow };
    Verdict verdict = Verdict::malformed;
    std::string why = {};   // not done; or done, but not as the scanner said: "no recipients left"

    // The stage as it is now; of one that was done.
    Facts facts = {};
    std::optional<Message> message = {};
    std::optional<std::string> said = {};   // the scanner's words for the client

    std::size_t applied = 0;
    std::vector<FailedEdit> failed = {};
};

net::asio::awaitable<Applied> apply_answer(std::vector<Operation> operations, AnswerRules rules,
                                           Facts facts, std::optional<Message> message);

}
