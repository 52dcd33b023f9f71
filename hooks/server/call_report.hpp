// One call as `qmail-hooks test` shows it, as JSON.
#pragma once

#include "hooks/server/recording.hpp"

#include <boost/json/object.hpp>

#include <string>

namespace grapnel::hooks {

std::string call_report(const RecordedCall& call);
// JSON stands there as it is, anything else as base64.
boost::json::object describe_body(Serialization serialization, const std::string& bytes);
std::string to_text(const boost::json::object& object);

}
