#include "base/sys/watch.hpp"

#include "base/sys/error.hpp"

#include <algorithm>
#include <cerrno>

namespace grapnel {

Watch::Watch() : epoll_(::epoll_create1(EPOLL_CLOEXEC))
{
    if (!epoll_) throw_errno("unable to watch descriptors");
}

bool Watch::add(int descriptor, std::uint64_t number)
{
    epoll_event event{EPOLLIN, {}};
    event.data.u64 = number;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &event) == 0) return true;
    if (errno != EPERM) throw_errno("unable to watch a descriptor");
    return false;
}

void Watch::remove(int descriptor)
{
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, descriptor, nullptr);
}

std::span<const epoll_event> Watch::wait(int milliseconds)
{
    const int count =
        ::epoll_wait(epoll_.get(), events_.data(), static_cast<int>(events_.size()), milliseconds);
    if (count < 0 && errno != EINTR) throw_errno("unable to wait");
    return {events_.data(), static_cast<std::size_t>(std::max(count, 0))};
}

}
