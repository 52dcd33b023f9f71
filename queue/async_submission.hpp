// One message to qmail-queue from an event loop, through the submission helper: its bytes go on as
// they come, and the pipe's fullness holds the client back.
#pragma once

#include "base/mail/envelope.hpp"
#include "base/net/stream.hpp"
#include "base/result.hpp"

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

namespace grapnel::queue {

class AsyncSubmission {
public:
    // helper: the socket of start_submission_helper. Throws system_error where no program can be
    // started.
    static boost::asio::awaitable<AsyncSubmission> start(int helper,
                                                         std::vector<std::string> variables);
    AsyncSubmission(AsyncSubmission&&) = default;
    // Dropped before finish(): the envelope is cut short, so nothing is queued.
    ~AsyncSubmission() = default;

    pid_t pid() const { return pid_; }   // the "qp" of logs

    // Message bytes with LF line ends. What goes wrong is remembered for finish().
    boost::asio::awaitable<void> write(std::string_view bytes);
    boost::asio::awaitable<Result<>> finish(const Envelope& envelope);

private:
    AsyncSubmission(net::Stream message, net::Stream envelope, net::Stream response,
                    net::Stream result);
    boost::asio::awaitable<void> write_envelope(const Envelope& envelope);

    net::Stream message_, envelope_, response_, result_;
    pid_t pid_ = -1;
    bool failed_ = false;
};

}
