// Edits of what the body says (mta-hooks 11.1, 11.2): the content of one text part, or all of the
// message.
#pragma once

#include "hooks/message/edits.hpp"

#include <string>
#include <string_view>

namespace grapnel::hooks {

Result<> set_body_value(MessageState& message, std::string_view part_id, std::string_view text,
                        const MessageRules& rules);

// octets: CRLF or LF line ends.
Result<> set_raw_message(MessageState& message, std::string_view octets, const MessageRules& rules);

}
