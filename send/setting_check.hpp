// What a control file says, as qmail-showctl prints it, and what is wrong with it. Pure.
#pragma once

#include "base/settings.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace grapnel::send {

// Sentences about what programs will not read as its author meant it.
std::vector<std::string> complaints(const Setting& setting, std::string_view text);

// "(Default.) VALUE. MEANING." or "VALUE. MEANING."; a list has one entry a line below its meaning.
std::string describe_default(const Setting& setting, std::string_view me);
std::string describe(const Setting& setting, std::string_view text);

// Names of locals that the SMTP server refuses, and names that locals takes from virtualdomains.
std::vector<std::string> conflicts(const std::vector<std::string>& locals,
                                   const std::vector<std::string>* rcpthosts,
                                   const std::vector<std::string>& virtual_domains);

}
