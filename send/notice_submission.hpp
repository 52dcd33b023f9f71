// A bounce on its way into the queue: the submission helper runs qmail-queue, which is fed while
// the event loop goes on.
#pragma once

#include "base/net/loop.hpp"
#include "base/result.hpp"
#include "base/sys/fd.hpp"
#include "send/bounce.hpp"

#include <cstdint>
#include <string>
#include <sys/types.h>

namespace grapnel::send {

struct Submitted {
    pid_t qp = 0;
    grapnel::Result<> outcome;
};

// The notice, with bounce_file and message_file in their places. Value: qmail-queue has it,
// durably. Throws system_error where qmail-queue could not be started.
boost::asio::awaitable<Submitted> submit_notice(int helper, Notice notice, std::string bounce_file,
                                                std::string message_file);
// What somebody else has made of it: all of `size` bytes of text.
boost::asio::awaitable<Submitted> submit_text(int helper, Notice notice, Fd text,
                                              std::uint64_t size);

}
