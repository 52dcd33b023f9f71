// info/S/N as deliveries need it: who sent the message and when it was born.
#pragma once

#include "queue/spool.hpp"

#include <ctime>
#include <optional>
#include <string>

namespace grapnel::send {

struct MessageInfo {
    std::string sender;
    std::time_t birth = 0;
};

// nullopt: it cannot be read, or does not begin with a sender.
std::optional<MessageInfo> read_message_info(const queue::Spool& spool, queue::MessageNumber n);

}
