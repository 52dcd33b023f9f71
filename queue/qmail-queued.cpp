// qmail-queued(8): the same as qmail-queue for many messages at once. Descriptor 0 is its listening
// socket, as qmail-start gives it, else it listens at run/queued by itself.
#include "base/net/loop.hpp"
#include "base/sys/account.hpp"
#include "base/sys/build_id.hpp"
#include "base/sys/environment.hpp"
#include "base/sys/file.hpp"
#include "base/sys/kernel.hpp"
#include "base/sys/limits.hpp"
#include "base/sys/local_socket.hpp"
#include "base/sys/own_code.hpp"
#include "base/sys/program.hpp"
#include "base/sys/row.hpp"
#include "base/sys/signal.hpp"
#include "queue/group_commit.hpp"
#include "queue/queued_server.hpp"
#include "queue/queued_socket.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <string_view>
#include <utility>

namespace {

using namespace grapnel;

int serve(bool fsync_each)
{
    ignore_signal(SIGPIPE);
    ignore_signal(SIGXFSZ);
    ::umask(033);
    change_directory(home());
    const Identity queue = role_identity(Role::queue);
    const queue::Trusted trusted{role_identity(Role::daemon).uid, role_identity(Role::send).uid,
                                 role_identity(Role::alias).uid, queue.uid};
    const Fd listener = is_listening(0) ? duplicate(0) : queue::listen_for_queued(home());
    set_nonblocking(listener.get());
    if (::geteuid() != queue.uid) become(queue);   // its keeper is that user already
    raise_to_hard_limit(Limit::descriptors);       // every message on its way holds five
    // Read while it is in reach. One that is put there later is started by who wants it.
    OwnCode own_queue(home() + "/bin/qmail-queue", id_of_qmail_queue);
    own_queue.refresh();
    change_directory("queue");
    queue::prove_disk();
    queue::open_queued(listener.get());
    row::qmail_queued();   // before the thread that flushes is made: it inherits the confinement
    net::Loop loop;
    return queue::QueuedServer(loop, listener.get(), trusted, std::move(own_queue), fsync_each)
        .run();
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
