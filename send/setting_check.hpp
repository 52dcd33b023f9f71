// What a control file says, as qmail-showctl prints it, and what is wrong with it. Pure.
#pragma once

#include "base/settings.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::send {

struct Finding {
    std::size_t line = 0;   // from 1; 0: of the whole file
    std::string text;       // a sentence
    bool operator==(const Finding&) const = default;
};

// What programs will not read as its author meant it. At most 100 findings.
std::vector<Finding> complaints(const Setting& setting, std::string_view text);

// An entry as it may be shown, and whether any must not be: relays have passwords behind them.
std::string without_password(const Setting& setting, std::string_view entry);
bool holds_passwords(const Setting& setting, std::string_view text);

// "(Default.) VALUE. MEANING." or "VALUE. MEANING."; a list has one entry a line below its meaning.
std::string describe_default(const Setting& setting, std::string_view me);
std::string describe(const Setting& setting, std::string_view text);

// What counts: the first line, the number, or the entries. Of a table or what is hidden: nothing.
std::vector<std::string> effective_values(const Setting& setting, std::string_view text);

// Names of locals that the SMTP server refuses, and names that locals takes from virtualdomains.
std::vector<std::string> conflicts(const std::vector<std::string>& locals,
                                   const std::vector<std::string>* rcpthosts,
                                   const std::vector<std::string>& virtual_domains);

}
