// The files of a queued message as values, both ways: todo, info, local, remote. Pure but for
// nothing: bytes in, values out. Contract: "The queue on disk"; extension records:
// docs/internals.md.
#pragma once

#include "base/mail/extension.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::queue {

// todo/N (and intd/N).
struct Todo {
    std::uint64_t uid = 0, pid = 0;
    std::string sender;
    std::vector<std::string> recipients;
    ExtensionBlock extensions = {};
    std::size_t skipped_records = 0;   // malformed extension records; reading only
    bool operator==(const Todo&) const = default;
};

// The pieces, for who writes a todo file as the envelope arrives.
std::string encode_todo_head(std::uint64_t uid, std::uint64_t pid, const Extensions& message,
                             std::string_view sender);
std::string encode_todo_recipient(std::string_view recipient);
// A recipient's extensions: stands straight after its T record.
std::string encode_todo_tail(std::uint64_t pid, const Extensions& recipient);
std::string encode(const Todo& todo);
// Failure: a record with an unknown letter, or no sender. A tail without NUL is ignored, as are
// bytes behind the digits of u and p records that are not extension records.
// head, where given, gets uid, pid and sender as they stood when the sender was met, on failure
// too.
Result<Todo> decode_todo(std::string_view bytes, std::optional<Todo>* head = nullptr);

// A position in local/N or remote/N: extension records in info/N are tied to it.
enum class Channel : char { local = 'l', remote = 'r' };
struct Position {
    Channel channel;
    std::size_t index;   // which record, T or D, from 0
    auto operator<=>(const Position&) const = default;
};

// info/S/N: F sender NUL, then grapnel's records.
struct Info {
    std::string sender;
    Extensions message = {};
    std::map<Position, Extensions> recipients = {};
    std::size_t skipped_records = 0;
    bool operator==(const Info&) const = default;
};
std::string encode(const Info& info);
Result<Info> decode_info(std::string_view bytes);   // Failure: does not begin with F, or no NUL

// local/S/N, remote/S/N.
struct ChannelRecord {
    bool done = false;   // D instead of T
    std::string address;
    std::uint64_t offset = 0;   // of the letter, in the file
    std::size_t index = 0;      // which record it is, from 0
};
std::string encode_channel_record(std::string_view address, bool done = false);
struct ChannelFile {
    std::vector<ChannelRecord> records;
    bool unknown_record = false;   // reading stopped at a letter that is neither T nor D
};
ChannelFile decode_channel_file(std::string_view bytes);   // a tail without NUL is ignored

}
