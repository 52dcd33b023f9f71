// info/S/N as deliveries need it: who sent the message, what it carries, and when it was born.
#pragma once

#include "queue/records.hpp"
#include "queue/spool.hpp"

#include <ctime>
#include <optional>
#include <string>

namespace grapnel::send {

struct MessageInfo : queue::Info {
    std::time_t birth = 0;
};

// Of a message with many recipients: what is known of one, and of the one that was tried most.
MessageInfo only_of(const MessageInfo& info, queue::Position position);

// info/S/N.new: under this name it is written before it is renamed.
inline std::string new_info(const queue::Spool& spool, queue::MessageNumber n)
{
    return spool.info(n) + ".new";
}

// nullopt: it cannot be read, or does not begin with a sender.
std::optional<MessageInfo> read_message_info(const queue::Spool& spool, queue::MessageNumber n);

}
