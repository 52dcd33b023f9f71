#include "send/notice_draft.hpp"

#include "base/sys/error.hpp"
#include "base/sys/file.hpp"

#include <fcntl.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <system_error>
#include <utility>

namespace grapnel::send {

namespace asio = boost::asio;

namespace {

// In memory where the file system has no files without names.
Fd make_nameless()
{
    try {
        return open_file("bounce", O_RDWR | O_TMPFILE, 0600);
    } catch (const std::system_error&) {
        Fd memory(::memfd_create("notice", MFD_CLOEXEC));
        if (!memory) throw_errno("unable to make memory for", "a notice");
        return memory;
    }
}

constexpr auto all_of_it = std::numeric_limits<std::uint64_t>::max();

asio::awaitable<void> copy(int to, std::string path, std::uint64_t most)
{
    const Fd file = open_read(path);
    std::array<char, 65536> buffer;
    while (const auto count = read_some(file.get(), buffer.data(), buffer.size())) {
        const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(count, most));
        write_all(to, {buffer.data(), taken}, "draft of a notice");
        most -= taken;
        if (taken < count) co_return write_all(to, stripped_text, "draft of a notice");
        co_await net::yield_turn();
    }
}

}

asio::awaitable<Fd> write_draft(Notice notice, std::string bounce_file, std::string message_file)
{
    const Fd file = make_nameless();
    write_all(file.get(), notice.head, "draft of a notice");
    co_await copy(file.get(), std::move(bounce_file), all_of_it);
    write_all(file.get(), notice.middle, "draft of a notice");
    co_await copy(file.get(), std::move(message_file), notice.most_copied);
    co_return open_read("/proc/self/fd/" + std::to_string(file.get()));
}

}
