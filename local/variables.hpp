// What a delivery tells its programs: the three lines that go before a message, and the environment
// (contract 6.3, qmail-command(8)). Pure.
#pragma once

#include "base/sys/environment.hpp"
#include "local/options.hpp"

#include <ctime>
#include <string>
#include <string_view>

namespace grapnel::local {

struct TraceLines {
    std::string delivered_to;   // "Delivered-To: local@domain\n"
    std::string return_path;    // "Return-Path: <sender>\n"
    std::string from;           // "From sender Sun Nov 22 10:00:00 2026\n", UTC
};
TraceLines trace_lines(const Options& options, std::time_t now);

// All but DEFAULT and NEWSENDER, which are known only when the .qmail file is.
void set_variables(Environment& environment, const Options& options, const TraceLines& lines);

}
