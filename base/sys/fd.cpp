#include "base/sys/fd.hpp"

#include "base/sys/error.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace grapnel {

Fd& Fd::operator=(Fd&& other) noexcept
{
    if (this != &other) {
        reset();
        value_ = std::exchange(other.value_, -1);
    }
    return *this;
}

void Fd::reset()
{
    if (value_ >= 0) ::close(std::exchange(value_, -1));
}

void Fd::close_checked(std::string_view what)
{
    if (value_ >= 0 && ::close(std::exchange(value_, -1)) != 0)
        throw_errno("unable to close", what);
}

Pipe make_pipe()
{
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw_errno("unable to create pipe");
    return {Fd(ends[0]), Fd(ends[1])};
}

Fd duplicate(int descriptor)
{
    Fd copy(::fcntl(descriptor, F_DUPFD_CLOEXEC, 3));
    if (!copy) throw_errno("unable to duplicate descriptor");
    return copy;
}

void set_nonblocking(int descriptor, bool on)
{
    const int flags = ::fcntl(descriptor, F_GETFL);
    if (flags < 0) throw_errno("unable to read descriptor flags");
    const int wanted = on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
    if (wanted != flags && ::fcntl(descriptor, F_SETFL, wanted) != 0)
        throw_errno("unable to set descriptor flags");
}

bool is_open(int descriptor) { return ::fcntl(descriptor, F_GETFD) >= 0; }

void ensure_standard_descriptors()
{
    for (int descriptor = 0; descriptor < 3; ++descriptor)
        if (!is_open(descriptor) && ::open("/dev/null", O_RDWR) != descriptor)
            throw_errno("unable to open", "/dev/null");
}

}
