#include "base/sys/helper_process.hpp"

#include "base/sys/error.hpp"
#include "base/sys/file.hpp"
#include "base/sys/packet.hpp"
#include "base/sys/signal.hpp"
#include "base/sys/spawn.hpp"

#include <csignal>
#include <utility>

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace grapnel {

namespace {

constexpr int socket_number = 3;

void keep_only(int socket)
{
    const Fd nothing = open_file("/dev/null", O_RDWR);
    if (::dup2(nothing.get(), 0) < 0 || ::dup2(nothing.get(), 1) < 0 ||
        ::dup2(socket, socket_number) < 0)
        throw_errno("unable to set up a helper process");
    ::fcntl(socket_number, F_SETFD, FD_CLOEXEC);
    ::syscall(SYS_close_range, socket_number + 1u, ~0u, 0u);
}

}

Fd start_helper_process(const std::function<int(int socket)>& body)
{
    PacketPair pair = make_packet_pair();
    fork_child([&] {
        for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGALRM})
            ignore_signal(number);
        default_signal(SIGCHLD);
        unblock_all_signals();
        keep_only(pair.theirs.get());
        return body(socket_number);
    });
    return std::move(pair.ours);
}

}
