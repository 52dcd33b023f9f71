// How scanners are, as JSON for qmail-hooks.
#pragma once

#include "hooks/calls/live_scanner.hpp"
#include "hooks/chain/metrics.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <string>
#include <vector>

namespace grapnel::hooks {

boost::json::object describe(const ScannerSettings& settings,
                             const std::vector<std::string>& errors);
boost::json::object describe(const ScannerState& state);
// Calls at each of its stages since the daemon began.
boost::json::array describe(const Metrics& metrics, const ScannerSettings& settings);

}
