// The control files of qmail-send, read at its start; two of them again on HUP.
#pragma once

#include "base/sys/control.hpp"
#include "hooks/facts.hpp"
#include "send/bounce.hpp"
#include "send/reporting.hpp"
#include "send/routing.hpp"

#include <cstdint>
#include <string>

namespace grapnel::send {

struct Config {
    RoutingTables routing;
    BounceNames bounce;
    ReportPolicy reports = {};
    std::uint64_t lifetime = 604800;
    hooks::ServerFacts server = {};    // us, as scanners are told
    std::uint64_t message_limit = 0;   // databytes: what they may make of a notice
    unsigned concurrency_local = 10, concurrency_remote = 20;
};

// Throws where a file cannot be read, or there is neither locals nor me.
Config read_config(const Control& control);

// Again locals and virtualdomains and nothing else. Returns the name of the file that could not be
// read, or nothing; then the old values stay.
std::string reread_routing(const Control& control, RoutingTables& routing);

}
