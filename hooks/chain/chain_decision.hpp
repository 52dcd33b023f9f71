// The course of a chain as values (mta-hooks section 12): what the scanners so far have made of a
// stage, and what that comes to as a decision. Knows no scanner and no time.
#pragma once

#include "hooks/chain/metrics.hpp"
#include "hooks/decision.hpp"
#include "hooks/edits/apply.hpp"
#include "hooks/subscriptions.hpp"

#include <optional>
#include <string>

namespace grapnel::hooks {

struct Course {
    Course(Facts at_first, std::optional<Message> content);

    const Facts before;
    Facts facts;
    std::optional<Message> message;
    bool ended = false, ask_again = false;
    std::string scanner = {}, reason = {};   // who decided, and why: a decision's
    std::string cause = {};                  // the same for the log: without a scanner's words

    void take(const std::string& name, Applied&& applied);
    // No verdict could be had (C67).
    void follow(Policy policy, CallEnding kind, const std::string& name, const std::string& why);

    // Writes a changed message below spool. Throws system_error.
    Decision decision(const std::string& spool) const;
    // Where it could not be written.
    Decision not_stored() const;

private:
    void decide(const std::string& name, const std::string& why, std::string for_log);
    void refuse(Refusal kind);
    Decision inbound_decision() const;
    Decision outbound_decision() const;
};

}
