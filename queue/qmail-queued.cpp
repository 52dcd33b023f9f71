// qmail-queued(8): the same as qmail-queue for many messages at once. Descriptor 0 is its listening
// socket, as qmail-start gives it, else it listens at run/queued by itself.
#include "base/net/loop.hpp"
#include "base/sys/account.hpp"
#include "base/sys/confine.hpp"
#include "base/sys/environment.hpp"
#include "base/sys/file.hpp"
#include "base/sys/kernel.hpp"
#include "base/sys/program.hpp"
#include "base/sys/signal.hpp"
#include "queue/group_commit.hpp"
#include "queue/queued_server.hpp"
#include "queue/queued_socket.hpp"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <string_view>

namespace {

using namespace grapnel;

void confine_to_queue()
{
    Confinement confinement;
    confinement.paths.emplace();
    for (const auto* part : {"pid", "mess", "intd", "todo", "quarantine", "lock/trigger"})
        confinement.paths->writable.emplace_back(part);
    confinement.paths->readable.emplace_back(".");
    confinement.system_calls =
        May::read_files | May::write_files | May::use_network | May::start_threads;
    confine(confinement);
}

// Every message on its way holds five.
void raise_descriptor_limit()
{
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

int serve(bool fsync_each)
{
    ignore_signal(SIGPIPE);
    ignore_signal(SIGXFSZ);
    ::umask(033);
    change_directory(home());
    const Identity queue = role_identity(Role::queue);
    const queue::Trusted trusted{role_identity(Role::daemon).uid, role_identity(Role::send).uid,
                                 role_identity(Role::alias).uid};
    const Fd listener = queue::is_listening(0) ? duplicate(0) : queue::listen_for_queued(home());
    set_nonblocking(listener.get());
    if (::geteuid() != queue.uid) become(queue);   // its keeper is that user already
    raise_descriptor_limit();
    change_directory("queue");
    queue::prove_disk();
    queue::open_queued(listener.get());
    confine_to_queue();   // before the thread that flushes is made: it inherits the confinement
    net::Loop loop;
    return queue::QueuedServer(loop, listener.get(), trusted, fsync_each).run();
}

}

int main(int argc, char** argv)
{
    return run("qmail-queued", [&] {
        ensure_standard_descriptors();
        const bool fsync_each = argc == 2 && std::string_view(argv[1]) == "--fsync-each";
        if (argc > 1 && !fsync_each) throw Stop{100, "usage: qmail-queued [--fsync-each]"};
        return serve(fsync_each || !syncfs_tells_errors());
    });
}
