#include "send/recipient_state.hpp"

#include "base/text.hpp"
#include "send/reply_of.hpp"
#include "send/wishes.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace grapnel::send {

namespace {

constexpr std::array<std::string_view, 8> own_names{"attempts", "last",   "next",    "next-dsn",
                                                    "delayed",  "silent", "expires", "failed"};
constexpr std::uint64_t latest = 253402300799;   // the year 9999

std::optional<std::int64_t> time_in(const std::string* value)
{
    const auto number = value ? parse_number<std::uint64_t>(*value) : std::nullopt;
    if (!number) return std::nullopt;
    return static_cast<std::int64_t>(std::min(*number, latest));
}

// Removed where the new value is none, or has no room.
void put(Extensions& records, std::string_view name, const std::optional<std::string>& value)
{
    if (value && value->size() <= longest_extension_value) {
        const auto before = records;
        records.set(name, *value);
        if (records.within(recipient_extension_limits)) return;
        records = before;
    }
    records.erase(name);
}

std::optional<std::string> text_of(const std::optional<std::int64_t>& time)
{
    if (!time) return std::nullopt;
    return *time == never ? "never" : std::to_string(*time);
}

void erase_own(Extensions& records)
{
    if (records.empty()) return;
    for (const auto name : own_names) records.erase(name);
}

}

RecipientState read_state(const Extensions& records)
{
    RecipientState state;
    state.attempts = send::attempts(records);
    if (const auto* value = records.find("last")) state.last = decode_reply(*value);
    state.next = time_in(records.find("next"));
    const auto* next_dsn = records.find("next-dsn");
    state.next_dsn = next_dsn && *next_dsn == "never" ? never : time_in(next_dsn);
    if (const auto* value = records.find("failed")) state.failed = *value;
    return state;
}

void write_state(Extensions& records, const RecipientState& state)
{
    put(records, "attempts",
        state.attempts > 0 ? std::optional(std::to_string(state.attempts)) : std::nullopt);
    put(records, "next", text_of(state.next));
    put(records, "next-dsn", text_of(state.next_dsn));
    put(records, "failed",
        state.failed.empty() ? std::nullopt : std::optional<std::string>(state.failed));
    auto last = state.last;
    put(records, "last", last ? std::optional(encode_reply(*last)) : std::nullopt);
    if (!last || records.find("last")) return;
    last->message.clear();
    put(records, "last", encode_reply(*last));
}

std::map<std::size_t, std::time_t> put_off(const queue::Info& info, queue::Channel channel)
{
    std::map<std::size_t, std::time_t> times;
    for (const auto& [position, records] : info.recipients)
        if (position.channel == channel)
            if (const auto next = time_in(records.find("next")))
                times.emplace(position.index, static_cast<std::time_t>(*next));
    return times;
}

bool is_silent(const queue::Info& info) { return info.message.find("silent") != nullptr; }
void make_silent(queue::Info& info) { info.message.set("silent", "1"); }

std::time_t end_of_life(const queue::Info& info, std::time_t birth, std::uint64_t lifetime)
{
    if (const auto time = time_in(info.message.find("expires"))) return *time;
    return start_of_life(info, birth) + static_cast<std::time_t>(std::min(lifetime, latest));
}

queue::Info without_own_records(queue::Info info)
{
    erase_own(info.message);
    for (auto& [position, records] : info.recipients) erase_own(records);
    std::erase_if(info.recipients, [](const auto& one) { return one.second.empty(); });
    return info;
}

std::uint64_t attempts(const Extensions& recipient)
{
    const auto* value = recipient.find("attempts");
    return value ? parse_number<std::uint64_t>(*value).value_or(0) : 0;
}

std::uint64_t attempts(const queue::Info& info)
{
    std::uint64_t most = 0;
    for (const auto& [position, records] : info.recipients)
        most = std::max(most, attempts(records));
    return most;
}

}
