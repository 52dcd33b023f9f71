// A report made of what is on file: outcomes, bounce/N, and how large and of which kind the message
// is.
#pragma once

#include "queue/spool.hpp"
#include "send/config.hpp"
#include "send/dsn.hpp"

namespace grapnel::send {

// recipients: of delays and successes; failures are read from files. Throws system_error.
Notice report_notice(const queue::Spool& spool, queue::MessageNumber n, const MessageInfo& info,
                     const Config& config, ReportedMatter::Kind kind,
                     std::vector<Outcome> recipients, std::time_t now);

}
