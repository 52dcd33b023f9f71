// One message to qmail-queued from an event loop. Small messages go in one write, larger ones as
// they come; the socket's fullness holds the client back.
#pragma once

#include "base/mail/envelope.hpp"
#include "base/net/stream.hpp"
#include "base/result.hpp"
#include "queue/queued_wire.hpp"

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

namespace grapnel::queue {

class QueuedSubmission {
public:
    // nullopt: qmail-queued does not run here.
    static std::optional<QueuedSubmission> connect(net::asio::any_io_executor executor,
                                                   const std::string& home);
    pid_t pid() const { return pid_; }   // qmail-queued's, known after finish()
    net::asio::awaitable<void> write(std::string_view bytes);
    net::asio::awaitable<Result<>> finish(const Envelope& envelope);

private:
    explicit QueuedSubmission(net::Stream stream) : stream_(std::move(stream)) {}
    net::asio::awaitable<void> flush();
    net::asio::awaitable<std::optional<QueuedAnswer>> answer();

    net::Stream stream_;
    std::string frames_;   // not yet written
    pid_t pid_ = -1;
    bool failed_ = false;
};

}
