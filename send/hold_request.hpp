// What qmail-hold asks of a qmail-send that runs, and what it hears: a line each way over a local
// socket in a directory that qmail-send alone may enter. Pure.
#pragma once

#include "base/result.hpp"
#include "queue/spool.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace grapnel::send {

inline constexpr const char* hold_socket = "bounce/.hold";   // in the queue
inline constexpr std::size_t longest_hold_line = 256;        // either way, with its LF

struct HoldRequest {
    enum class Kind { release, cancel };
    Kind kind = Kind::release;
    queue::MessageNumber message = 0;
    bool operator==(const HoldRequest&) const = default;
};
std::string encode(const HoldRequest& request);                          // "release 4711" LF
std::optional<HoldRequest> decode_hold_request(std::string_view line);   // without LF

// "ok", "later TEXT" or "never TEXT", LF.
std::string encode_hold_answer(const grapnel::Result<>& answer);
grapnel::Result<> decode_hold_answer(std::string_view line);

}
