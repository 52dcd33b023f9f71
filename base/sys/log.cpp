#include "base/sys/log.hpp"

#include <poll.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>

namespace grapnel {

void log_line(int descriptor, std::string_view text)
{
    std::string line(text);
    line += '\n';
    [[maybe_unused]] const auto ignored = ::write(descriptor, line.data(), line.size());
}

// Others write into the same pipe, and may take the room that poll saw. Kernels before 6.4 cannot
// be asked not to wait then, but for a flag that all writers share.
ssize_t write_now(int descriptor, std::string_view text)
{
    struct stat about {};
    const bool known = ::fstat(descriptor, &about) == 0;
    if (known && S_ISREG(about.st_mode)) return ::write(descriptor, text.data(), text.size());
    pollfd ready{descriptor, POLLOUT, 0};
    if (::poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0) {
        errno = EAGAIN;
        return -1;
    }
    const iovec all{const_cast<char*>(text.data()), text.size()};
    const auto count = ::pwritev2(descriptor, &all, 1, -1, RWF_NOWAIT);
    if (count >= 0) return count;
    const bool is_full = errno == EAGAIN && known && S_ISFIFO(about.st_mode);
    return is_full ? -1 : ::write(descriptor, text.data(), text.size());
}

// A pipe that can take anything takes a page (pipe(7)).
void log_line_now(int descriptor, std::string_view text)
{
    static std::atomic<std::uint64_t> lost = 0;
    constexpr std::size_t longest_line = 3900;
    const auto count = lost.load();
    std::string lines(text.substr(0, longest_line));
    if (count > 0) lines += '\n' + std::to_string(count) + " log lines were lost";
    if (write_now(descriptor, lines + '\n') < 0)
        ++lost;
    else
        lost -= count;
}

std::string printable(std::string_view text, std::size_t limit)
{
    std::string result(text.substr(0, limit));
    std::replace_if(
        result.begin(), result.end(), [](char c) { return c < 32 || c > 126; }, '?');
    return result;
}

}
