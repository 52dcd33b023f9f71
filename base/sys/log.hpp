// One event, one line; no time stamps (the logger adds them). A log that cannot take it never stops
// mail.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

namespace grapnel {

// Writes text and LF in one write; errors are ignored.
void log_line(int descriptor, std::string_view text);

// One write that does not wait: -1 with EAGAIN where a pipe can take nothing now.
ssize_t write_now(int descriptor, std::string_view text);

// The same as log_line for daemons, whose work does not wait for a log that nobody reads: then the
// line is dropped, and the next one that can be written says how many were.
void log_line_now(int descriptor, std::string_view text);

// Text from strangers made fit for a log, a reply or a queue file: bytes outside 32..126 become
// "?", what is longer than limit is cut.
std::string printable(std::string_view text, std::size_t limit = 512);

}
