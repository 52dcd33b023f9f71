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

// May qmail-queued take it? Never where QMAILQUEUE names another program.
enum class Through { helper_only, queued_or_helper };

class AsyncSubmission {
public:
    // helper: the socket of start_submission_helper. Throws system_error where no program can be
    // started.
    static boost::asio::awaitable<AsyncSubmission>
    start(int helper, std::vector<std::string> variables, Through through = Through::helper_only);
    AsyncSubmission(AsyncSubmission&&) = default;
    // Dropped before finish(): the envelope is cut short, so nothing is queued.
    ~AsyncSubmission() = default;

    // The "qp" of logs; after finish().
    pid_t pid() const { return queued_ ? queued_->pid() : pid_; }

    // Message bytes with LF line ends. What goes wrong is remembered for finish().
    boost::asio::awaitable<void> write(std::string_view bytes);
    boost::asio::awaitable<Result<>> finish(const Envelope& envelope);

private:
    struct Pipes {
        net::Stream message, envelope, response, result;
    };
    explicit AsyncSubmission(QueuedSubmission queued) : queued_(std::move(queued)) {}
    explicit AsyncSubmission(Pipes pipes) : pipes_(std::move(pipes)) {}
    boost::asio::awaitable<void> write_envelope(const Envelope& envelope);
    boost::asio::awaitable<Result<>> finish_by_pipes(const Envelope& envelope);

    std::optional<QueuedSubmission> queued_;   // either this
    std::optional<Pipes> pipes_;               // or these
    pid_t pid_ = -1;
    bool failed_ = false;
};

}
