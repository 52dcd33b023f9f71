#include "base/sys/log.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace grapnel {

void log_line(int descriptor, std::string_view text)
{
    std::string line(text);
    line += '\n';
    [[maybe_unused]] const auto ignored = ::write(descriptor, line.data(), line.size());
}

// A pipe that can take anything takes a page (pipe(7)).
void log_line_now(int descriptor, std::string_view text)
{
    static std::atomic<std::uint64_t> lost = 0;
    constexpr std::size_t longest_line = 3900;
    pollfd ready{descriptor, POLLOUT, 0};
    if (::poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0) {
        ++lost;
        return;
    }
    std::string lines(text.substr(0, longest_line));
    if (const auto count = lost.exchange(0); count > 0)
        lines += '\n' + std::to_string(count) + " log lines were lost";
    log_line(descriptor, lines);
}

std::string printable(std::string_view text, std::size_t limit)
{
    std::string result(text.substr(0, limit));
    std::replace_if(
        result.begin(), result.end(), [](char c) { return c < 32 || c > 126; }, '?');
    return result;
}

}
