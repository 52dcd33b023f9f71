// A process that delivers several messages to one address, one after the other, as its user: what
// qmail-lspawn and it say to each other in packets (base/sys/packet.hpp), and its work.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::local {

inline constexpr std::size_t longest_regular_packet = 128 * 1024;   // bytes

// sender NUL records. The message is the descriptor beside it.
struct RegularJob {
    std::string sender;
    std::string records;   // as in QMAILRECORDS
    bool operator==(const RegularJob&) const = default;
};
std::string encode(const RegularJob& job);
Result<RegularJob> decode_regular_job(std::string_view packet);

// exit code of qmail-local NUL what it would have said; or nothing: this is for another process,
// and nothing was done.
struct RegularReply {
    std::optional<int> code;
    std::string text = {};
    bool operator==(const RegularReply&) const = default;
};
std::string encode(const RegularReply& reply);
Result<RegularReply> decode_regular_reply(std::string_view packet);

// Works until the peer's end of socket is closed; after a delivery that fails, or is for another
// process, no longer. arguments: qmail-local's but for the sender, which is the ninth. 0 becomes
// each message in turn.
int serve_regular(int socket, std::vector<std::string> arguments);

}
