// Of what the sender is told, when, and in which form (RFC 3461; control/bounceformat, delaywarn).
// Pure.
#pragma once

#include "send/dsn.hpp"
#include "send/wishes.hpp"

#include <cstdint>
#include <ctime>
#include <optional>

namespace grapnel::send {

struct ReportPolicy {
    std::optional<ReportForm> form = {};   // as configured; else qmail's, and dsn for who asked
    std::uint64_t delay_warn = 14400;      // seconds; 0: nobody is told of a delay by himself
};

// Of notices of failure.
ReportForm form_for(const ReportPolicy& policy, const queue::Info& info);
// What becomes of each recipient has to be looked at with the records in hand.
bool is_watched(const ReportPolicy& policy, const queue::Info& info);
// Nobody hears of what becomes of notices, except where they fail.
bool has_no_sender(const queue::Info& info);

// When he is to be reported as delayed; nullopt: never, or it has been done.
std::optional<std::time_t> delay_due(const ReportPolicy& policy, const queue::Info& info,
                                     queue::Position position, std::time_t birth);
// When the message is to be looked at for such a notice, or for the end of its time (deliver-by),
// as far as that is still to come.
std::optional<std::time_t> next_look(const ReportPolicy& policy, const queue::Info& info,
                                     queue::Channel channel, std::time_t birth, std::time_t now);

// Whether a success is to be reported.
bool wants_success(const queue::Info& info, queue::Position position, Action action);
// What is late comes back (RFC 2852).
bool is_too_late(const queue::Info& info, std::time_t now);
inline constexpr std::string_view too_late_text =
    "The sender wanted this message delivered by a time that has passed. (#5.4.7)\n";

}
