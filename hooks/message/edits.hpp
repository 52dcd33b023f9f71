// Edits of a message: which paths there are, and the octets they change (mta-hooks section 11).
// Each either fails and leaves the message as it was, or is done.
#pragma once

#include "base/result.hpp"
#include "hooks/message/message.hpp"
#include "hooks/message/state.hpp"

namespace grapnel::hooks {

Result<> apply_edit(MessageState& message, const Operation& operation, const MessageRules& rules);

}
