// One message into the queue from an event loop: through qmail-queued where that may be used and
// runs, else to a qmail-queue that the submission helper starts. Its bytes go on as they come, and
// the fullness of pipe or socket holds the client back.
#pragma once

#include "base/mail/envelope.hpp"
#include "base/net/stream.hpp"
#include "base/result.hpp"
#include "queue/queued_submission.hpp"

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel::queue {

class AsyncSubmission {
public:
    // nullopt: qmail-queued does not run.
    static std::optional<AsyncSubmission> begin(QueuedPool& queued);
    // helper: the socket of start_submission_helper. Throws system_error where no program can be
    // started.
    static boost::asio::awaitable<AsyncSubmission> start(int helper,
                                                         std::vector<std::string> variables);
    AsyncSubmission(AsyncSubmission&&) = default;
    // Dropped before finish(): the envelope is cut short, so nothing is queued.
    ~AsyncSubmission() = default;

    // The "qp" of logs; after finish().
    pid_t pid() const { return queued_ ? queued_->pid() : pid_; }

    // Message bytes with LF line ends are appended here, at most 64 KiB, then passed on. What goes
    // wrong is remembered for finish().
    std::string& text() { return queued_ ? queued_->text() : text_; }
    boost::asio::awaitable<void> pass_on();
    boost::asio::awaitable<Result<>> finish(const Envelope& envelope);

private:
    struct Pipes {
        net::Stream message, envelope, response, result;
    };
    explicit AsyncSubmission(QueuedSubmission queued) : queued_(std::move(queued)) {}
    explicit AsyncSubmission(Pipes pipes) : pipes_(std::move(pipes)) {}
    boost::asio::awaitable<void> write_envelope(const Envelope& envelope);
    boost::asio::awaitable<void> write_message();
    boost::asio::awaitable<Result<>> finish_by_pipes(const Envelope& envelope);

    std::optional<QueuedSubmission> queued_;   // either this
    std::optional<Pipes> pipes_;               // or these
    std::string text_;                         // on its way to the pipe
    pid_t pid_ = -1;
    bool failed_ = false;
};

}
