// What info/S/N keeps about a recipient between two attempts, and about the message: qmail-send's
// own extension records. Pure.
#pragma once

#include "hooks/facts.hpp"
#include "queue/records.hpp"

#include <cstdint>
#include <ctime>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace grapnel::send {

inline constexpr std::int64_t never = 0;   // as a time of the next notice

struct RecipientState {
    std::uint64_t attempts = 0;
    std::optional<hooks::Response> last = {};
    std::optional<std::int64_t> next = {};       // not before; else as his channel's turn comes
    std::optional<std::int64_t> next_dsn = {};   // or never
    std::string failed = {};                     // as his paragraph in bounce/N names him
    bool operator==(const RecipientState&) const = default;
};
RecipientState read_state(const Extensions& records);
// What does not fit beside the other records is cut, or left out.
void write_state(Extensions& records, const RecipientState& state);

// Who is put off on that channel: by his place in the file, until when.
std::map<std::size_t, std::time_t> put_off(const queue::Info& info, queue::Channel channel);

// Cancelled: who is not done is dropped, and nobody is told.
bool is_silent(const queue::Info& info);
void make_silent(queue::Info& info);

// birth, or release, + lifetime; or as the record `expires` says.
std::time_t end_of_life(const queue::Info& info, std::time_t birth, std::uint64_t lifetime);

// The rest: what came with the message.
queue::Info without_own_records(queue::Info info);

std::uint64_t attempts(const Extensions& recipient);
// The most that any recipient had.
std::uint64_t attempts(const queue::Info& info);

}
