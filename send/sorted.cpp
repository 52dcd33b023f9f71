#include "send/sorted.hpp"

#include "send/recipient_state.hpp"

#include <utility>

namespace grapnel::send {

Sorted sort_recipients(const RoutingTables& routing, queue::Todo todo)
{
    Sorted sorted{{std::move(todo.sender), std::move(todo.extensions.message), {}, 0}, {}, {}};
    for (std::size_t i = 0; i < todo.recipients.size(); ++i) {
        auto [channel, address] = route(routing, todo.recipients[i]);
        auto& list = sorted.of(channel);
        const auto extensions = todo.extensions.recipients.find(i);
        if (extensions != todo.extensions.recipients.end())
            sorted.info.recipients.emplace(queue::Position{channel, list.size()},
                                           std::move(extensions->second));
        // Behind the one before: its letter, its address, its NUL.
        const auto offset = list.empty() ? 0 : list.back().offset + list.back().address.size() + 2;
        list.push_back({false, std::move(address), offset, list.size()});
    }
    sorted.info = without_own_records(std::move(sorted.info));   // no submitter writes these
    return sorted;
}

std::string encode(const std::vector<queue::ChannelRecord>& records)
{
    std::string bytes;
    for (const auto& record : records)
        bytes += queue::encode_channel_record(record.address, record.done);
    return bytes;
}

}
