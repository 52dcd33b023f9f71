#include "queue/queued_submission.hpp"

#include "base/sys/error.hpp"
#include "queue/exit_code.hpp"
#include "queue/queued_socket.hpp"

#include <chrono>
#include <system_error>

namespace grapnel::queue {

namespace {
using namespace std::chrono_literals;

// A disk may be slow, but a client waits ten minutes for its 250 (RFC 5321 4.5.3.2.6).
constexpr auto queue_limit = 9min;
constexpr std::size_t gathered = 32768;
}

std::optional<QueuedSubmission> QueuedSubmission::connect(net::asio::any_io_executor executor,
                                                          const std::string& home)
{
    auto socket = connect_to_queued(home);
    if (!socket) return std::nullopt;
    return QueuedSubmission(net::Stream(std::move(executor), std::move(*socket)));
}

// What goes wrong here is remembered for finish(): the answer may have come before, and say why.
net::asio::awaitable<void> QueuedSubmission::flush()
{
    if (!failed_) {
        stream_.expires_after(queue_limit);
        try {
            co_await stream_.write(frames_);
        } catch (const std::system_error&) {
            failed_ = true;
        }
    }
    frames_.clear();
}

net::asio::awaitable<void> QueuedSubmission::write(std::string_view bytes)
{
    append_frames(frames_, FrameHead::Kind::message, bytes);
    if (frames_.size() >= gathered) co_await flush();
}

net::asio::awaitable<std::optional<QueuedAnswer>> QueuedSubmission::answer()
{
    std::size_t wanted = FrameHead::size;
    while (stream_.buffered().size() < wanted) {
        const bool more = co_await stream_.fill();
        if (!more) co_return std::nullopt;
        const auto head = decode_frame_head(stream_.buffered());
        if (!head) continue;
        if (head->kind != FrameHead::Kind::answer) co_return std::nullopt;
        wanted = FrameHead::size + head->length;
    }
    const auto payload = stream_.buffered().substr(FrameHead::size, wanted - FrameHead::size);
    const auto decoded = decode_answer(payload);
    stream_.consume(wanted);
    co_return decoded;
}

net::asio::awaitable<Result<>> QueuedSubmission::finish(const Envelope& envelope)
{
    append_frames(frames_, FrameHead::Kind::envelope, encode(envelope));
    frames_ += encode(FrameHead{FrameHead::Kind::commit, 0});
    co_await flush();
    stream_.expires_after(queue_limit);
    try {
        const auto said = co_await answer();
        if (!said) co_return temporary("qq crashed (#4.3.0)");
        pid_ = said->process;
        co_return explain({false, said->exit_code}, said->text);
    } catch (const net::TimedOut&) {
        co_return temporary("qq timeout (#4.3.0)");
    } catch (const std::system_error&) {
        co_return temporary("qq crashed (#4.3.0)");
    }
}

}
