// Edits below /message that are about header fields (mta-hooks section 11): a field is put in,
// written anew or taken out; every other octet stays.
#pragma once

#include "hooks/message/edits.hpp"
#include "hooks/message/header_properties.hpp"

#include <boost/json/value.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace grapnel::hooks {

// position: nullopt is behind the last field.
Result<> add_field(MessageState& message, const boost::json::value& field,
                   std::optional<std::uint64_t> position, const MessageRules& rules);
Result<> set_field(MessageState& message, std::size_t index, const boost::json::value& field,
                   const MessageRules& rules);
Result<> set_field_name(MessageState& message, std::size_t index, const boost::json::value& name,
                        const MessageRules& rules);
Result<> set_field_value(MessageState& message, std::size_t index, const boost::json::value& value,
                         const MessageRules& rules);
Result<> delete_field(MessageState& message, std::size_t index);

// subject, from, messageId …: the last field of that name, or a new one behind the last field.
Result<> set_convenience(MessageState& message, const Convenience& which,
                         const boost::json::value& value, const MessageRules& rules);
Result<> delete_convenience(MessageState& message, const Convenience& which);

}
