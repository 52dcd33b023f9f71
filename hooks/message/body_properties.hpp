// The members of JMAP's Email that come from the body.
#pragma once

#include "hooks/message/structure.hpp"

#include <boost/json/object.hpp>

#include <functional>
#include <string_view>

namespace grapnel::hooks {

// Adds those of bodyStructure, textBody, htmlBody, attachments, bodyValues, hasAttachment, preview
// that are wanted. The content of what is no text is in one of them, once (C39).
void add_body_properties(const Structure& structure,
                         const std::function<bool(std::string_view member)>& wanted,
                         boost::json::object& to);
bool is_body_property(std::string_view member);

}
