// What scanners are told at delivery, defer and dsn (mta-hooks 13). Pure.
#pragma once

#include "queue/records.hpp"
#include "queue/spool.hpp"
#include "send/bounce.hpp"
#include "send/config.hpp"
#include "send/message_info.hpp"
#include "send/recipient_state.hpp"
#include "send/verdict.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace grapnel::send {

// One recipient of whom something is reported.
struct Reported {
    queue::Position position;
    std::string address;    // as people know it
    RecipientState state;   // this attempt included
    Standing standing;
};

// sender: of the copy that he was, or would have been, sent. milliseconds: now.
hooks::Facts delivery_facts(hooks::Stage stage, queue::MessageNumber n, const MessageInfo& info,
                            const std::string& sender, const Reported& recipient,
                            const Config& config, std::int64_t milliseconds);

// The message is the notice; the envelope is that of what it reports.
hooks::Facts notice_facts(queue::MessageNumber n, const MessageInfo& info,
                          const std::vector<FailureParagraph>& failures, const Config& config,
                          std::int64_t milliseconds);
// A notice of delays, or of successes. At most 1,000 recipients are named.
hooks::Facts notice_facts(queue::MessageNumber n, const MessageInfo& info,
                          const std::vector<Outcome>& outcomes, const Config& config,
                          std::int64_t milliseconds);

}
