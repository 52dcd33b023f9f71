// A message's recipients as its files hold them, or would: each on his channel and at his place.
// Pure.
#pragma once

#include "queue/records.hpp"
#include "send/routing.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace grapnel::send {

struct Sorted {
    queue::Info info;
    std::vector<queue::ChannelRecord> local, remote;   // with their offsets in the file

    std::vector<queue::ChannelRecord>& of(queue::Channel channel)
    {
        return channel == queue::Channel::local ? local : remote;
    }
    const std::vector<queue::ChannelRecord>& of(queue::Channel channel) const
    {
        return channel == queue::Channel::local ? local : remote;
    }
    std::size_t recipients() const { return local.size() + remote.size(); }
};

// Extension records of a recipient follow him to his position in local/N or remote/N.
Sorted sort_recipients(const RoutingTables& routing, queue::Todo todo);

std::string encode(const std::vector<queue::ChannelRecord>& records);

}
