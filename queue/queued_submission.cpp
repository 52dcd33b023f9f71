#include "queue/queued_submission.hpp"

#include "base/sys/error.hpp"
#include "queue/exit_code.hpp"

#include <chrono>
#include <system_error>
#include <utility>

namespace grapnel::queue {

namespace {
using namespace std::chrono_literals;

// A disk may be slow, but a client waits ten minutes for its 250 (RFC 5321 4.5.3.2.6).
constexpr auto queue_limit = 9min;
constexpr std::size_t gathered = 49152, usual_message = 8192;
}

std::optional<QueuedSubmission> QueuedSubmission::begin(QueuedPool& pool)
{
    auto stream = pool.take();
    if (!stream) return std::nullopt;
    return QueuedSubmission(pool, std::move(*stream));
}

QueuedSubmission::QueuedSubmission(QueuedPool& pool, net::Stream stream)
    : pool_(&pool), stream_(std::move(stream))
{
    frame_.reserve(usual_message);
    begin_frame();
}

void QueuedSubmission::begin_frame() { frame_.assign(FrameHead::size, '\0'); }

// What goes wrong here is remembered for finish(): the answer may have come before, and say why.
net::asio::awaitable<void> QueuedSubmission::send()
{
    if (failed_) co_return;
    stream_.expires_after(queue_limit);
    try {
        co_await stream_.write(frame_);
    } catch (const std::system_error&) {
        failed_ = true;
    }
}

net::asio::awaitable<void> QueuedSubmission::pass_on()
{
    if (frame_.size() < gathered) co_return;
    const auto size = static_cast<std::uint32_t>(frame_.size() - FrameHead::size);
    put_frame_head(frame_, {FrameHead::Kind::message, size});
    co_await send();
    begin_frame();
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

// The last of the text, the envelope and the end go together.
net::asio::awaitable<Result<>> QueuedSubmission::finish(const Envelope& envelope)
{
    const auto size = static_cast<std::uint32_t>(frame_.size() - FrameHead::size);
    put_frame_head(frame_, {FrameHead::Kind::message, size});
    append_frames(frame_, FrameHead::Kind::envelope, encode(envelope));
    frame_ += encode(FrameHead{FrameHead::Kind::commit, 0});
    co_await send();
    stream_.expires_after(queue_limit);
    try {
        const auto said = co_await answer();
        if (!said) co_return temporary("qq crashed (#4.3.0)");
        pid_ = said->process;
        if (!failed_) pool_->give_back(std::move(stream_));
        co_return explain({false, said->exit_code}, said->text);
    } catch (const net::TimedOut&) {
        co_return temporary("qq timeout (#4.3.0)");
    } catch (const std::system_error&) {
        co_return temporary("qq crashed (#4.3.0)");
    }
}

}
