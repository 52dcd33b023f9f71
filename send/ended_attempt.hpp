// An attempt to deliver that has ended: whose, and with what.
#pragma once

#include "base/sys/fd.hpp"
#include "hooks/facts.hpp"
#include "queue/records.hpp"
#include "queue/spool.hpp"
#include "send/channel.hpp"

#include <ctime>
#include <string>

namespace grapnel::send {

struct EndedAttempt {
    Delivery delivery;
    queue::MessageNumber message = 0;
    queue::Channel channel = queue::Channel::local;
    std::string sender;             // of this copy
    char letter = 'Z';              // of the report: K, D, or anything else
    std::string report = {};        // for the bounce
    hooks::Response reply = {};     // what was said, as an SMTP reply
    std::time_t next_attempt = 0;   // by the schedule
    bool last = false;              // it is too old for another one

    queue::Position position() const { return {channel, delivery.index}; }
};

}
