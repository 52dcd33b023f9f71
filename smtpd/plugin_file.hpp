// Which file of control/ names the plugins: smtpplugins, or the one of SPPCONFFILE.
#pragma once

#include "base/sys/control.hpp"
#include "base/sys/environment.hpp"

#include <string>
#include <vector>

namespace grapnel::smtpd {

// Its name in control/. Throws system_error where SPPCONFFILE means another place: a server that
// has given up its rights cannot look there again.
std::string plugin_file(const Environment& environment);

// Its lines. Throws system_error: unreadable, or absent though SPPCONFFILE names it.
std::vector<std::string> plugin_lines(const Control& control, const Environment& environment);

}
