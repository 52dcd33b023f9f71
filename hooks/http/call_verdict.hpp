// What the answer to a hook call means (mta-hooks section 14): one table, status by status. Pure.
#pragma once

#include "base/net/http_reply.hpp"
#include "hooks/codec/serialization.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace grapnel::hooks {

struct CallVerdict {
    enum class Kind : std::uint8_t {
        answer,
        no_change,
        malformed,
        failure,
        oversize,
        unregistered,   // 404, 410
        refused         // 401, 403: ask no more before somebody has acted
    };
    Kind kind = Kind::failure;
    std::string why = {};                                        // for the log
    bool may_retry = false;                                      // the same request again may help
    bool counts = true;                                          // for the breaker
    std::optional<std::chrono::milliseconds> retry_after = {};   // asked for by the scanner
};

CallVerdict judge_call(const net::HttpReply& reply, Serialization serialization);

// How long to wait before the retry-th retry: 100 ms doubling to 5 s, and what chance adds (C69).
std::chrono::milliseconds retry_pause(unsigned retry, std::chrono::milliseconds chance);

// Retry-After in seconds (RFC 9110 10.2.3), at most a day; a date is not understood.
std::optional<std::chrono::milliseconds> retry_after(const net::HttpReply& reply);

// Whether Content-Type names that serialization, parameters aside.
bool has_type(const net::HttpReply& reply, Serialization serialization);

// "status 503 SCANNER_UNAVAILABLE …": at most 200 printable characters of what a refusal says.
std::string refusal_text(const net::HttpReply& reply);

}
