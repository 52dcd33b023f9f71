// JMAP's parsed header members (subject, from, messageId …) as the fields they stand for. Pure.
#pragma once

#include "base/result.hpp"
#include "hooks/message/header_properties.hpp"

#include <boost/json/value.hpp>

#include <string>
#include <string_view>

namespace grapnel::hooks {

// A whole field, which ends with LF. value: neither null nor an empty list.
Result<std::string> convenience_text(const Convenience& which, const boost::json::value& value,
                                     bool smtputf8);

// Whether a field's value, in that form, is this one already.
bool says_the_same(std::string_view field_value, Form form, const boost::json::value& value);

}
