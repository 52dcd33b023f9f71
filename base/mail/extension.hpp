// Extension records: grapnel's own name=value data, behind what classic readers read. One encoder
// and one decoder for all carriers (qmail-queue's descriptor 1, todo, info). Pure.
// docs/internals.md has the grammar.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel {

inline constexpr std::size_t longest_extension_name = 64;
inline constexpr std::size_t longest_extension_value = 1024;   // octets before encoding

struct ExtensionLimits {
    std::size_t records;
    std::size_t bytes;   // as written
};
inline constexpr ExtensionLimits message_extension_limits{64, 16 * 1024};
inline constexpr ExtensionLimits recipient_extension_limits{32, 4 * 1024};

// The records of one level, in the order given. A name set twice: the last counts, in the first
// one's place.
class Extensions {
public:
    const std::string* find(std::string_view name) const;
    void set(std::string_view name, std::string_view value);
    void erase(std::string_view name);
    bool empty() const { return records_.empty(); }
    bool within(const ExtensionLimits& limits) const;
    const std::vector<std::pair<std::string, std::string>>& records() const { return records_; }
    bool operator==(const Extensions&) const = default;

private:
    std::vector<std::pair<std::string, std::string>> records_;
    std::size_t written_ = 0;   // bytes of encode_tail()
};

// "name=value" with every octet outside 33..126 and every % as %XX.
std::string encode_record(std::string_view name, std::string_view value);
// A Failure (never) where the grammar is broken.
Result<std::pair<std::string, std::string>> decode_record(std::string_view record);

// The block behind the envelope on descriptor 1: "record NUL" for the message, then "I:record NUL".
// recipients: by position in the envelope.
struct ExtensionBlock {
    Extensions message;
    std::map<std::size_t, Extensions> recipients;
    bool empty() const { return message.empty() && recipients.empty(); }
    bool operator==(const ExtensionBlock&) const = default;
};
std::string encode_block(const ExtensionBlock& block);

// The block piece by piece, a level at a time: the message's first, then recipients by rising
// position. So it is bounded by one level's cap however many recipients there are.
class ExtensionReader {
public:
    enum class Problem {
        none,
        cut_short,
        malformed
    };   // malformed: also over a cap, or out of order

    struct Level {
        std::optional<std::size_t> recipient;   // nullopt: the message
        Extensions extensions = {};
    };

    // recipient_count: how many T records the envelope had.
    explicit ExtensionReader(std::size_t recipient_count) : recipient_count_(recipient_count) {}
    // Consumes from the front of bytes until a level is known to be complete, or bytes is empty.
    std::optional<Level> take(std::string_view& bytes);
    // At the end of input, or when ended(): the last level, if any.
    std::optional<Level> finish();

    bool ended() const { return ended_; }          // the empty string that may end a block was seen
    Problem problem() const { return problem_; }   // once set, nothing more is consumed

private:
    std::optional<Level> accept(std::string_view record);
    std::size_t recipient_count_;
    std::string pending_;
    std::optional<Level> level_;
    bool ended_ = false;
    Problem problem_ = Problem::none;
};

// bytes: a whole block. Failure (later): cut short. Failure (never): malformed.
Result<ExtensionBlock> decode_block(std::string_view bytes, std::size_t recipient_count);

// todo's form: " record record…" as it stands behind the digits of a p record; empty for no
// records.
std::string encode_tail(const Extensions& extensions);
// Records that were met at rest and not taken.
struct UnreadRecords {
    std::size_t malformed = 0;   // skipped, the rest counts
    // The name of one that begins with "!": of a later grapnel, and not to be ignored. Who finds
    // one leaves the message alone.
    std::string required = {};
    void note(std::string_view record);
};

// tail: what follows the digits. One that does not begin with a space is somebody else's: ignored.
Extensions decode_tail(std::string_view tail, UnreadRecords* unread = nullptr);

}
