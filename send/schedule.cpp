#include "send/schedule.hpp"

#include <algorithm>
#include <functional>

namespace grapnel::send {

namespace {

// Rounded down.
std::time_t square_root(std::time_t number)
{
    std::time_t root = 0;
    for (int bit = 30; bit >= 0; --bit) {
        const auto candidate = root + (std::time_t{1} << bit);
        if (candidate * candidate <= number) root = candidate;
    }
    return root;
}

}

std::time_t next_attempt(std::time_t birth, std::time_t now, queue::Channel channel)
{
    const std::time_t age = birth > now ? 0 : now - birth;
    const std::time_t steps = square_root(age) + (channel == queue::Channel::local ? 10 : 20);
    return birth + steps * steps;
}

void DueHeap::add(Due due, queue::MessageNumber message)
{
    entries_.push_back({due, message});
    std::push_heap(entries_.begin(), entries_.end(), std::greater<>());
}

DueHeap::Entry DueHeap::take()
{
    std::pop_heap(entries_.begin(), entries_.end(), std::greater<>());
    const Entry entry = entries_.back();
    entries_.pop_back();
    return entry;
}

void DueHeap::hasten(queue::MessageNumber message, Due due)
{
    const auto found = std::find_if(entries_.begin(), entries_.end(),
                                    [&](const Entry& entry) { return entry.message == message; });
    if (found == entries_.end() || found->due <= due) return;
    found->due = due;
    std::push_heap(entries_.begin(), found + 1, std::greater<>());
}

void DueHeap::hasten(const std::unordered_set<queue::MessageNumber>& messages, Due due)
{
    for (auto& entry : entries_)
        if (messages.contains(entry.message)) entry.due = std::min(entry.due, due);
    std::make_heap(entries_.begin(), entries_.end(), std::greater<>());
}

std::vector<queue::MessageNumber> DueHeap::later_than(Due due) const
{
    std::vector<queue::MessageNumber> messages;
    for (const auto& entry : entries_)
        if (entry.due > due) messages.push_back(entry.message);
    return messages;
}

void DueHeap::make_all_due(Due now)
{
    for (auto& entry : entries_) entry.due = std::min(entry.due, now);
    std::make_heap(entries_.begin(), entries_.end(), std::greater<>());
}

}
