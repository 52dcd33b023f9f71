#include "queue/trigger.hpp"

#include "base/sys/file.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace grapnel::queue {

namespace {
constexpr char path[] = "lock/trigger";
}

void pull_trigger()
{
    const Fd pipe(::open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC));
    if (pipe) [[maybe_unused]]
        const auto ignored = ::write(pipe.get(), "", 1);
}

void Trigger::reopen()
{
    reader_.reset();
    writer_.reset();
    reader_ = open_file(path, O_RDONLY | O_NONBLOCK);
    writer_ = Fd(::open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC));
}

}
