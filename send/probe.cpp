#include "send/probe.hpp"

#include "base/sys/error.hpp"
#include "base/sys/file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

namespace grapnel::send {

namespace {

constexpr std::size_t size = 1 << 20;

std::string pattern()
{
    std::string bytes(size, '\0');
    unsigned state = 1;
    for (char& c : bytes) {
        state = state * 1103515245 + 12345;
        c = static_cast<char>(state >> 16);
    }
    return bytes;
}

// A file without a name: nothing stays, whenever we are stopped.
void write_and_read_back()
{
    const std::string bytes = pattern();
    const Fd file = open_file("bounce", O_RDWR | O_TMPFILE, 0600);
    write_all(file.get(), bytes, "bounce");
    sync(file.get(), "bounce");
    // A hint: where the kernel keeps the pages all the same, the flush alone was tried.
    [[maybe_unused]] const int ignored = ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_DONTNEED);
    if (::lseek(file.get(), 0, SEEK_SET) != 0) throw_errno("unable to seek in", "bounce");
    if (read_all(file.get(), size, "bounce") != bytes)
        throw_error(EIO, "something else was read back from", "bounce");
}

// Neither a full disk nor a file system without nameless files says anything about what was asked.
bool says_nothing(int error)
{
    return error == ENOSPC || error == EDQUOT || error == EOPNOTSUPP || error == EISDIR ||
           error == ENOENT;
}

}

void probe_queue()
{
    try {
        write_and_read_back();
    } catch (const std::system_error& error) {
        if (!says_nothing(error.code().value())) throw;
    }
}

}
