#include "queue/async_submission.hpp"

#include "base/net/loop.hpp"
#include "base/sys/error.hpp"
#include "queue/exit_code.hpp"
#include "queue/submission_helper.hpp"

#include <cerrno>
#include <chrono>
#include <optional>
#include <system_error>

namespace grapnel::queue {

namespace {

using namespace std::chrono_literals;

// A disk may be slow, but a client waits ten minutes for its 250 (RFC 5321 4.5.3.2.6).
constexpr auto start_limit = 30s;
constexpr auto queue_limit = 9min;
constexpr std::size_t longest_response = 4096, longest_atomic_write = 4096;

boost::asio::awaitable<std::optional<HelperFrame>> next_frame(net::Stream& stream)
{
    while (stream.buffered().size() < HelperFrame::size) {
        const bool more = co_await stream.fill();
        if (!more) co_return std::nullopt;
    }
    const auto frame = HelperFrame::decode(stream.buffered().substr(0, HelperFrame::size));
    stream.consume(HelperFrame::size);
    co_return frame;
}

boost::asio::awaitable<std::string> read_response(net::Stream& stream)
{
    for (bool more = true; more && stream.buffered().size() < longest_response;)
        more = co_await stream.fill();
    co_return std::string(stream.buffered().substr(0, longest_response));
}

}

std::optional<AsyncSubmission> AsyncSubmission::begin(QueuedPool& queued)
{
    auto submission = QueuedSubmission::begin(queued);
    if (!submission) return std::nullopt;
    return AsyncSubmission(std::move(*submission));
}

boost::asio::awaitable<AsyncSubmission> AsyncSubmission::start(int helper,
                                                               std::vector<std::string> variables)
{
    const auto executor = co_await net::this_executor();
    auto job = ask_helper(helper, variables);
    AsyncSubmission submission(Pipes{net::Stream(executor, Fd(), std::move(job.message)),
                                     net::Stream(executor, Fd(), std::move(job.envelope)),
                                     net::Stream(executor, std::move(job.response), Fd()),
                                     net::Stream(executor, std::move(job.result), Fd())});
    submission.pipes_->result.expires_after(start_limit);
    const auto frame = co_await next_frame(submission.pipes_->result);
    if (!frame) throw_error(EPIPE, "the submission helper is gone");
    if (frame->kind != HelperFrame::Kind::started)
        throw_error(frame->value, "unable to start qmail-queue");
    submission.pid_ = frame->value;
    co_return submission;
}

boost::asio::awaitable<void> AsyncSubmission::pass_on()
{
    if (queued_) co_return co_await queued_->pass_on();
    co_await write_message();
}

boost::asio::awaitable<void> AsyncSubmission::write_message()
{
    pipes_->message.expires_after(queue_limit);
    try {
        if (!failed_) co_await pipes_->message.write(text_);
    } catch (const std::system_error&) {
        failed_ = true;   // its exit code will say why
    }
    text_.clear();
}

// The envelope's last NUL and the extension records share one write, so that a reader who waits for
// records can tell at once whether there are any.
boost::asio::awaitable<void> AsyncSubmission::write_envelope(const Envelope& envelope)
{
    const std::string wire = encode(envelope);
    const std::size_t tail = encode_block(envelope.extensions).size() + 1;
    std::string_view rest = wire;
    co_await pipes_->envelope.write(rest.substr(0, rest.size() - tail));
    rest.remove_prefix(rest.size() - tail);
    while (!rest.empty()) {
        const auto piece = rest.substr(0, longest_atomic_write);
        co_await pipes_->envelope.write(piece);
        rest.remove_prefix(piece.size());
    }
}

boost::asio::awaitable<Result<>> AsyncSubmission::finish(const Envelope& envelope)
{
    if (queued_) co_return co_await queued_->finish(envelope);
    co_return co_await finish_by_pipes(envelope);
}

boost::asio::awaitable<Result<>> AsyncSubmission::finish_by_pipes(const Envelope& envelope)
{
    co_await write_message();
    pipes_->message.close();
    for (auto* stream : {&pipes_->envelope, &pipes_->response, &pipes_->result})
        stream->expires_after(queue_limit);
    try {
        // Without it a message that could not be passed on whole is not queued.
        if (!failed_) co_await write_envelope(envelope);
    } catch (const std::system_error&) {
        failed_ =
            true;   // a classic reader leaves at the envelope's end, or it failed: the code says
    }
    pipes_->envelope.close();
    try {
        const std::string response = co_await read_response(pipes_->response);
        const auto frame = co_await next_frame(pipes_->result);
        if (!frame || frame->kind != HelperFrame::Kind::ended)
            co_return temporary("qq crashed (#4.3.0)");
        co_return explain({frame->crashed, frame->value}, response);
    } catch (const net::TimedOut&) {
        co_return temporary("qq timeout (#4.3.0)");
    }
}

}
