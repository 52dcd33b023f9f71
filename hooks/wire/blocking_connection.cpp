#include "hooks/wire/blocking_connection.hpp"

#include "base/sys/error.hpp"
#include "base/sys/passing.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <span>
#include <utility>

namespace grapnel::hooks {

using Clock = std::chrono::steady_clock;

void BlockingConnection::send(std::string_view bytes, int descriptor)
{
    while (!bytes.empty()) {
        const std::span<const int> beside(&descriptor, descriptor < 0 ? 0 : 1);
        const auto put = send_with(socket_.get(), bytes, beside, MSG_DONTWAIT);
        if (put < 0 && errno != EAGAIN) throw_errno("unable to send");
        if (put < 0) {
            wait(POLLOUT);
            continue;
        }
        bytes.remove_prefix(static_cast<std::size_t>(put));
        descriptor = -1;
    }
}

std::optional<std::string> BlockingConnection::next_frame()
{
    for (;;) {
        rest_.erase(0, frames_.add(rest_));
        if (auto frame = frames_.take()) return frame;
        if (frames_.is_too_long() || !receive()) return std::nullopt;
    }
}

std::vector<Fd> BlockingConnection::take_descriptors() { return std::exchange(descriptors_, {}); }

bool BlockingConnection::receive()
{
    constexpr std::size_t size = 65536;
    if (!room_) room_ = std::make_unique<char[]>(size);
    for (;;) {
        auto arrived = receive_with(socket_.get(), room_.get(), size, MSG_DONTWAIT);
        if (arrived.size < 0 && errno != EAGAIN) throw_errno("unable to receive");
        if (arrived.size < 0) {
            wait(POLLIN);
            continue;
        }
        rest_.append(room_.get(), static_cast<std::size_t>(arrived.size));
        for (auto& descriptor : arrived.descriptors) descriptors_.push_back(std::move(descriptor));
        if (descriptors_.size() > most_passed_descriptors) throw_error(EPROTO, "unable to receive");
        return arrived.size > 0;
    }
}

void BlockingConnection::wait(short event) const
{
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - Clock::now()).count();
    if (left <= 0) throw_error(ETIMEDOUT, "unable to wait");
    pollfd watched{socket_.get(), event, 0};
    ::poll(&watched, 1, static_cast<int>(left) + 1);
}

}
