// The arguments of qmail-local (contract 6.3): which delivery to whom. Pure.
#pragma once

#include "base/result.hpp"

#include <string>
#include <vector>

namespace grapnel::local {

struct Options {
    bool dry_run = false;   // -n: say what would be done
    std::string user, home, local, dash, extension, domain, sender;
    std::string fallback;   // instructions for who has none ("aliasempty")
};

// argv[0] first. The Failure's text is what goes to descriptor 2, the usage line included.
Result<Options> parse_options(const std::vector<std::string>& arguments);

}
