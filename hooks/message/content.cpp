#include "hooks/message/content.hpp"

#include "base/sys/file.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace grapnel::hooks {

namespace {

constexpr std::size_t copied_up_to = 256 * 1024;   // mapping costs more than copying this

[[noreturn]] void refuse(int error)
{
    throw std::system_error(error, std::generic_category(), "message");
}

}

Content::Content(int descriptor)
{
    const auto size = static_cast<std::size_t>(status(descriptor, "message").st_size);
    if (size > copied_up_to)
        map(descriptor, size);
    else
        copy(descriptor, size);
}

Content::~Content()
{
    if (mapped_) ::munmap(mapped_, text_.size());
}

void Content::map(int descriptor, std::size_t size)
{
    void* const where = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (where == MAP_FAILED) refuse(errno);
    mapped_ = where;
    text_ = {static_cast<const char*>(where), size};
    ::madvise(where, size, MADV_SEQUENTIAL);   // a hint
}

void Content::copy(int descriptor, std::size_t size)
{
    owned_.resize(size);
    std::size_t got = 0;
    while (got < size) {
        const auto n =
            ::pread(descriptor, owned_.data() + got, size - got, static_cast<off_t>(got));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) refuse(n < 0 ? errno : EIO);   // cut short since its size was asked
        got += static_cast<std::size_t>(n);
    }
    text_ = owned_;
}

}
