// bounce/N: failure paragraphs, each durable before its recipient is marked done.
#pragma once

#include "queue/spool.hpp"

#include <string_view>

namespace grapnel::send {

// Appends, fsyncs the file and its directory. A tail torn by a crash is cut off first: its
// recipient was never marked, and is tried again. Throws system_error, then the file is as it was
// or ends in a torn tail; or Broken.
void append_to_bounce(queue::MessageNumber n, std::string_view paragraph);

// The same without the flush: that is the caller's, for several messages at once.
void write_to_bounce(queue::MessageNumber n, std::string_view paragraphs);

// Cuts a torn tail off. Throws system_error.
void mend_bounce(queue::MessageNumber n);

}
