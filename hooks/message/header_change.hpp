// The three ways in which a header's octets change. They keep the message's size, its separator and
// its structure right, and its limits (mta-hooks C54, C57).
#pragma once

#include "hooks/message/edits.hpp"

#include <cstddef>
#include <string>

namespace grapnel::hooks {

// text: a whole field. Behind a field without a line end, that gets one.
Result<> insert_field(MessageState& message, std::size_t position, std::string text,
                      const MessageRules& rules);
Result<> replace_field(MessageState& message, std::size_t index, std::string text,
                       const MessageRules& rules);
void remove_field(MessageState& message, std::size_t index);

// Whether a message that grows from its size to this one stays within the limit.
Result<> check_size(const MessageState& message, std::uint64_t size, const MessageRules& rules);

}
