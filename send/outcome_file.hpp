// bounce/N.dsn: outcomes that the sender is to be told of, each durable before its recipient is
// marked done. Only messages whose sender asked for reports, or control/bounceformat, have one.
#pragma once

#include "queue/spool.hpp"
#include "send/outcome.hpp"

#include <string>
#include <string_view>

namespace grapnel::send {

std::string outcome_file(queue::MessageNumber n);

// Appends; a line torn by a crash is cut off first. The flush is the caller's.
// Throws system_error; then it is as it was, or ends in a torn line.
void write_outcomes(queue::MessageNumber n, std::string_view lines);
// The same, durably. Broken where the flush fails.
void append_outcomes(queue::MessageNumber n, std::string_view lines);

// Empty where there is none. Throws system_error.
Outcomes outcomes_on_file(queue::MessageNumber n);

}
