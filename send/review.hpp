// After an attempt: what the scanners say to it, first at delivery, then, where the recipient is to
// be tried again, at defer (mta-hooks 13.1). While they think, nothing waits but this recipient.
#pragma once

#include "send/config.hpp"
#include "send/ended_attempt.hpp"
#include "send/hook_calls.hpp"
#include "send/message_info.hpp"
#include "send/verdict.hpp"

#include <functional>
#include <memory>

namespace grapnel::send {

class Review {
public:
    Review(HookCalls& calls, const queue::Spool& spool, const Agenda& agenda, const Config& config,
           Log& log)
        : calls_(calls), spool_(spool), agenda_(agenda), config_(config), log_(log)
    {
    }

    bool is_on() const { return calls_.is_on(); }

    // info: of its message, as it is now. decided is called once, at once where nobody is asked.
    using Decided = std::function<void(const EndedAttempt&, const Verdict&)>;
    void begin(EndedAttempt attempt, const MessageInfo& info, Decided decided);

private:
    struct Case;
    void ask(hooks::Stage stage, const std::shared_ptr<Case>& one);
    void answered(hooks::Stage stage, const std::shared_ptr<Case>& one,
                  const std::optional<hooks::Decision>& decision);
    void take(Case& one, hooks::Stage stage, const hooks::Decision& decision);

    HookCalls& calls_;
    const queue::Spool& spool_;
    const Agenda& agenda_;
    const Config& config_;
    Log& log_;
};

}
