// A message as JMAP's Email, as much of it as is wanted (mta-hooks section 8).
#pragma once

#include "hooks/message/state.hpp"
#include "hooks/values/pointer.hpp"

#include <boost/json/object.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace grapnel::hooks {

boost::json::object message_properties(const MessageState& message,
                                       const std::vector<Pointer>& wanted);

std::vector<std::string> texts_of_fields(const Header& header, std::string_view name);
std::vector<std::string> texts_of_body(const MessageState& message);
bool has_attachments(const MessageState& message);

}
