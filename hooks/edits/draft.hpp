// A stage as the edits of one answer leave it: what an answer is tried on, and kept or thrown away
// as a whole (mta-hooks section 12).
#pragma once

#include "hooks/edits/action_reply.hpp"
#include "hooks/edits/ask_may_add.hpp"
#include "hooks/facts.hpp"
#include "hooks/message/message.hpp"
#include "hooks/values/operation.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace grapnel::hooks {

// A failed modification (9.1), for the log: never with a value.
struct FailedEdit {
    std::string path = {}, reason = {};
};

struct Draft {
    Draft(Facts before, std::optional<Message> content, bool relays);

    Facts facts;
    std::optional<Message> message;
    MessageRules rules = {};

    ChosenReply reply = {};

    // Recipients. answers: about addresses that are not in the envelope, by mailbox_key; what an
    // edit asks beyond them is in `questions`, and the edit fails until it is answered.
    bool relay_recipients = false;
    std::unordered_map<std::string, AddAnswer> answers = {};
    std::vector<std::string> questions = {};
    std::optional<std::unordered_multiset<std::string>> present =
        {};                         // keys of facts.envelope->to
    bool current_deleted = false;   // rcpt

    // Outbound: edits of a time hold only where the recipient ends as deferred.
    struct TimeEdit {
        std::size_t recipient = 0;
        std::string path = {};
    };
    std::vector<TimeEdit> times = {};
};

}
