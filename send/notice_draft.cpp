#include "send/notice_draft.hpp"

#include "base/sys/error.hpp"
#include "base/sys/file.hpp"
#include "send/notice_text.hpp"

#include <fcntl.h>
#include <sys/mman.h>

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

}

asio::awaitable<Fd> write_draft(Notice notice, std::string bounce_file, std::string message_file)
{
    const Fd file = make_nameless();
    NoticeText text(notice, bounce_file, message_file);
    for (auto piece = text.next(); !piece.empty(); piece = text.next()) {
        write_all(file.get(), piece, "draft of a notice");
        co_await net::yield_turn();
    }
    co_return open_read("/proc/self/fd/" + std::to_string(file.get()));
}

}
