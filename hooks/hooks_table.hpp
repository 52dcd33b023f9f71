// What qmail-hooks prints for people, from qmail-hookd's reports. Pure: everything a scanner chose
// is made printable.
#pragma once

#include "hooks/decision.hpp"

#include <boost/json/value.hpp>

#include <string>
#include <string_view>

namespace grapnel::hooks {

std::string status_table(const boost::json::value& report);
std::string call_text(const boost::json::value& report);
// What the call comes to, line by line.
std::string decision_text(const Decision& decision);
// The same for programs. message: the changed text, where there is one.
boost::json::object decision_object(const Decision& decision, std::string_view message);

}
