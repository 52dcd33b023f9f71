// One message to qmail-queued from an event loop. Small messages go in one write, larger ones as
// they come; the socket's fullness holds the client back.
#pragma once

#include "base/mail/envelope.hpp"
#include "base/net/stream.hpp"
#include "base/result.hpp"
#include "queue/queued_pool.hpp"
#include "queue/queued_wire.hpp"

#include <sys/types.h>

#include <optional>
#include <string>

namespace grapnel::queue {

class QueuedSubmission {
public:
    // nullopt: qmail-queued does not run here.
    static std::optional<QueuedSubmission> begin(QueuedPool& pool);
    pid_t pid() const { return pid_; }   // qmail-queued's, known after finish()

    // The message's next bytes are appended here, at most 64 KiB, then passed on: when there are
    // enough of them.
    std::string& text() { return frame_; }
    net::asio::awaitable<void> pass_on();
    net::asio::awaitable<Result<>> finish(const Envelope& envelope);

private:
    QueuedSubmission(QueuedPool& pool, net::Stream stream);
    void begin_frame();
    net::asio::awaitable<void> send();
    net::asio::awaitable<std::optional<QueuedAnswer>> answer();

    QueuedPool* pool_;
    net::Stream stream_;
    std::string frame_;   // not yet sent: room for its head, then text
    pid_t pid_ = -1;
    bool failed_ = false;
};

}
