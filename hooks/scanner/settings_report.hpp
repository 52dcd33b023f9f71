// control/hooks/ as qmail-showctl prints it: each scanner, and what is wrong with it.
#pragma once

#include <string>

namespace grapnel::hooks {

// control: the directory. "" where no scanner is configured. Credentials are looked at only as far
// as whoever runs this may read them; they are never shown.
std::string settings_report(const std::string& control);

}
