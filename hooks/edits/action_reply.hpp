// The SMTP reply of an action (mta-hooks 10.2, C49): the action decides the class, a scanner only
// the details. Pure.
#pragma once

#include "base/result.hpp"
#include "hooks/facts.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace grapnel::hooks {

// What one answer of a scanner has set of /response.
struct ChosenReply {
    std::optional<int> code = {};
    std::optional<std::string> enhanced = {}, message = {};
    bool any() const { return code || enhanced || message; }
};

struct ActionReply {
    Action action = Action::accept;          // as carried out: reject with 421 is disconnect
    std::optional<Response> response = {};   // own, where nothing was chosen
    std::string problem = {};                // not empty: the choice failed, the reply is ours
};

// own: the reply that we would give.
ActionReply reply_for(Stage stage, Action action, const ChosenReply& chosen,
                      const std::optional<Response>& own);

// A scanner's text: printable ASCII, cut at 450 octets. A Failure: it has anything else.
Result<std::string> reply_text(std::string_view text);

// Refusals of ours (C67), as they are at that stage.
enum class Refusal { later, by_policy, too_large };
ActionReply refusal(Stage stage, Refusal kind);

}
