// One event loop of the server: accepts from its sockets, gives each connection a Session. A
// process of its own; the parent watches its heart.
#pragma once

#include "base/sys/environment.hpp"
#include "base/sys/fd.hpp"
#include "smtpd/service.hpp"
#include "smtpd/shared.hpp"

#include <string>
#include <vector>

namespace grapnel::smtpd {

struct ListeningSocket {
    Service service;
    Fd socket;
};

// Runs until SIGTERM and the end of the last session. sockets: this worker's own; keys: where
// certificates come from (current_tls.hpp); checker: of the command line.
int run_worker(std::vector<ListeningSocket> sockets, Fd keys, const Environment& environment,
               SharedView shared, const std::vector<std::string>& checker);

}
