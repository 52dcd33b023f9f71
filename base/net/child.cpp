#include "base/net/child.hpp"

#include "base/net/descriptor.hpp"
#include "base/sys/error.hpp"

#include <sys/syscall.h>
#include <unistd.h>

namespace grapnel::net {

boost::asio::awaitable<Ending> ended(Child& child)
{
    // glibc 2.36 has no wrapper in <unistd.h>; close-on-exec is what the kernel gives.
    const Fd handle(static_cast<int>(::syscall(SYS_pidfd_open, child.pid(), 0)));
    if (!handle) throw_errno("unable to watch child");
    co_await readable(handle.get());
    co_return child.wait();
}

}
