// The same as hooks/client for programs without an event loop: qmail-inject where
// control/hooks-on-inject says so.
#pragma once

#include "hooks/decision.hpp"
#include "hooks/may_add.hpp"
#include "hooks/subscriptions.hpp"

#include <string>

namespace grapnel::hooks {

// message: a descriptor of the text with LF line ends, not empty, that has the size it will keep;
// -1 where the stage has none. Sealed (base/sys/memory_file) it is passed, else what it holds is
// sent. Never fails, and ends within the limits of the stage: without an answer the policy of
// control/hooks decides.
Decision ask_and_wait(const std::string& home, const Subscriptions& subscriptions,
                      const Facts& facts, int message, const AddPolicy& may_add);

}
