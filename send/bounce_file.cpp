#include "send/bounce_file.hpp"

#include "base/sys/error.hpp"
#include "base/sys/file.hpp"
#include "send/bounce.hpp"
#include "send/broken.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <string>

namespace grapnel::send {

namespace {

// Returns the size without a torn tail, having cut that off. Paragraphs are short: look at ever
// more of the end.
off_t mend(int file, const std::string& path)
{
    const off_t size = status(file, path).st_size;
    for (off_t look = std::min<off_t>(size, 2);; look = std::min(size, look * 64)) {
        std::string end(static_cast<std::size_t>(look), '\0');
        if (::pread(file, end.data(), end.size(), size - look) != look)
            throw_errno("unable to read", path);
        const auto torn = torn_tail(end);
        if (torn == end.size() && look < size) continue;
        if (torn > 0 && ::ftruncate(file, size - static_cast<off_t>(torn)) != 0)
            throw_errno("unable to truncate", path);
        return size - static_cast<off_t>(torn);
    }
}

}

void append_to_bounce(queue::MessageNumber n, std::string_view paragraph)
{
    write_to_bounce(n, paragraph);
    const auto path = queue::Spool::bounce(n);
    durably([&] {
        sync(open_read(path).get(), path);
        sync_directory("bounce");
    });
}

void write_to_bounce(queue::MessageNumber n, std::string_view paragraphs)
{
    const auto path = queue::Spool::bounce(n);
    const Fd file = open_file(path, O_RDWR | O_CREAT, 0600);
    const off_t end = mend(file.get(), path);
    try {
        write_at(file.get(), paragraphs, end, path);
    } catch (const std::system_error&) {
        [[maybe_unused]] const int ignored = ::ftruncate(file.get(), end);
        throw;
    }
}

void mend_bounce(queue::MessageNumber n)
{
    const auto path = queue::Spool::bounce(n);
    mend(open_file(path, O_RDWR).get(), path);
}

}
