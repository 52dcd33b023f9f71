#include "base/sys/dialogue.hpp"

#include "base/sys/file.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <system_error>

namespace grapnel {

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t enough = 16384, piece = PIPE_BUF;   // what a pipe that is ready takes at once

// Until the descriptor is ready, or its other end gone: reading and writing will say so.
void wait_for(int descriptor, short what, Clock::time_point deadline)
{
    for (;;) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
        if (left <= 0) throw ClientGone();
        pollfd one{descriptor, what, 0};
        const auto limit = static_cast<int>(std::min<long long>(left, 3600 * 1000));
        const int ready = ::poll(&one, 1, limit);
        if (ready > 0) return;
        if (ready < 0 && errno != EINTR) throw ClientGone();
    }
}

}

// Where the new bytes begin.
std::size_t Dialogue::fill(Deadline deadline)
{
    read_.erase(0, at_);
    at_ = 0;
    wait_for(input_, POLLIN, deadline);
    const std::size_t before = read_.size(), room = behind_ == Behind::take ? piece : 1;
    read_.resize(before + room);
    std::size_t count = 0;
    try {
        count = read_some(input_, read_.data() + before, room);
    } catch (const std::system_error&) {
        // As good as the end.
    }
    read_.resize(before + count);
    if (count == 0) throw ClientGone();
    return before;
}

std::optional<std::string> Dialogue::line()
{
    const auto deadline = Clock::now() + patience_;
    std::size_t dropped = 0;
    for (std::size_t seen = at_;;) {
        const auto end = read_.find('\n', seen);
        if (end != std::string::npos) {
            std::string found = read_.substr(at_, end - at_);
            at_ = end + 1;
            if (dropped > 0 || found.size() > longest_line) return std::nullopt;
            if (found.ends_with('\r')) found.pop_back();
            return found;
        }
        if (read_.size() - at_ > longest_line) {
            dropped += read_.size() - at_;
            at_ = read_.size();
            if (dropped > longest_flood) throw ClientGone();
        }
        flush();
        seen = fill(deadline);
    }
}

void Dialogue::say(std::string_view bytes)
{
    unsent_ += bytes;
    if (unsent_.size() >= enough) flush();
}

void Dialogue::flush()
{
    if (unsent_.empty()) return;
    write(unsent_, Clock::now() + patience_);
    unsent_.clear();
}

// A socket that is ready may have room for less than we have: it is told not to wait for the rest.
void Dialogue::write(std::string_view bytes, Deadline deadline)
{
    while (!bytes.empty()) {
        wait_for(output_, POLLOUT, deadline);
        const auto part = bytes.substr(0, piece);
        auto count = ::send(output_, part.data(), part.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (count < 0 && errno == ENOTSOCK) count = ::write(output_, part.data(), part.size());
        if (count < 0 && (errno == EAGAIN || errno == EINTR)) continue;
        if (count <= 0) throw ClientGone();
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
}

}
