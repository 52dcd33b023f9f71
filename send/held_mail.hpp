// Messages in the queue that wait for their time (record hold-until), as qmail-hold sees them, and
// what it does where no qmail-send runs.
#pragma once

#include "base/result.hpp"
#include "send/hold_request.hpp"
#include "send/message_info.hpp"

#include <ctime>
#include <string>
#include <vector>

namespace grapnel::send {

struct HeldMessage {
    queue::MessageNumber number = 0;
    std::string id;   // may be empty
    std::time_t until = 0, since = 0;
    std::uint64_t bytes = 0;
    std::string sender;
    std::vector<std::string> recipients;
};

// In the queue directory. By release time. Throws where a directory cannot be read; messages that
// have just left, or cannot be read, are not among them.
std::vector<HeldMessage> held_messages(const queue::Spool& spool, std::time_t now);

// Only under the lock of qmail-send: it has the records in memory.
grapnel::Result<> obey_offline(const queue::Spool& spool, const HoldRequest& request,
                               std::time_t now);

std::string line_about(const HeldMessage& message);   // with its LF
std::string json_about(const HeldMessage& message);

}
