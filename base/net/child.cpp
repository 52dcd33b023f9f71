#include "base/net/child.hpp"

#include "base/net/descriptor.hpp"
#include "base/sys/error.hpp"

namespace grapnel::net {

boost::asio::awaitable<Ending> ended(Child& child)
{
    const Fd handle = process_handle(child.pid());
    if (!handle) throw_errno("unable to watch child");
    co_await readable(handle.get());
    co_return child.wait();
}

}
