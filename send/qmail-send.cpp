// Decides when which recipient of which message is handed to a spawner, until the message is
// delivered or its sender has been told. Descriptors 0 to 6 as in qmail: log, lspawn, rspawn,
// clean.
#include "base/sys/account.hpp"
#include "base/sys/file.hpp"
#include "base/sys/lock.hpp"
#include "base/sys/program.hpp"
#include "base/sys/row.hpp"
#include "base/sys/signal.hpp"
#include "queue/hasten_call.hpp"
#include "queue/submission_helper.hpp"
#include "send/dispatcher.hpp"
#include "send/probe.hpp"
#include "send/spawner_limit.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <functional>
#include <optional>

namespace grapnel::send {

namespace {

// Runs a step of the start; when it fails the log says which.
template <class Step>
auto starting(Log& log, std::string_view complaint, Step step)
{
    try {
        return step();
    } catch (const std::exception&) {
        log.alert("cannot start: " + std::string(complaint));
        throw Stop{111};
    }
}

Fd lock_queue(Log& log)
{
    Fd mutex =
        starting(log, "unable to open mutex", [] { return open_file("lock/sendmutex", O_WRONLY); });
    if (try_lock(mutex.get())) return mutex;
    log.alert("cannot start: qmail-send is already running");
    throw Stop{111};
}

// None of the descriptors may live on in qmail-queue.
Fd own(int descriptor)
{
    Fd ours = duplicate(descriptor);
    Fd(descriptor).reset();
    return ours;
}

// A host that takes no mail from the network may have none.
std::optional<uid_t> network_user()
{
    try {
        return role_identity(Role::daemon).uid;
    } catch (const Stop&) {
        return std::nullopt;
    }
}

int run_send()
{
    Log log(0);
    starting(log, "unable to switch to home directory", [] { change_directory(home()); });
    Config config = starting(log, "unable to read controls", [] { return read_config(Control()); });
    const auto spool = starting(log, "unable to switch to queue directory", [] {
        change_directory("queue");
        return queue::Spool::open();
    });
    ignore_signal(SIGPIPE);
    ::umask(077);
    const Fd mutex = lock_queue(log);
    starting(log, "the queue's disk does not keep what is written", [] { probe_queue(); });

    auto environment = Environment::of_process();
    const bool ours = environment.get("QMAILSPAWNEXT") == "1";
    environment.unset("QMAILSPAWNEXT");
    const queue::Offer offers[] = {
        starting(log, "hath the daemon spawn no fire?", [&] { return spawner_offer(1, 2, ours); }),
        starting(log, "hath the daemon spawn no fire?", [&] { return spawner_offer(3, 4, ours); })};
    Connections connections{own(1),
                            own(2),
                            own(3),
                            own(4),
                            own(5),
                            own(6),
                            {},
                            {},
                            {},
                            network_user(),
                            std::min(config.concurrency_local, offers[0].limit),
                            std::min(config.concurrency_remote, offers[1].limit),
                            offers[0].records,
                            offers[1].records};
    ensure_standard_descriptors();
    connections.helper = queue::start_submission_helper(environment);
    become_if_root(Role::send);
    connections.hold_desk = open_desk(hold_socket);
    connections.hasten_desk = open_desk(queue::hasten_path(home()));
    row::qmail_send();
    const SystemClock clock;
    net::Loop loop;
    Scanners scanners(loop.executor(), home(), log);
    Dispatcher dispatcher(loop, std::move(connections), std::move(config), scanners, clock, spool,
                          log);
    return dispatcher.run();
}

}

}

int main() { return grapnel::run("", grapnel::send::run_send); }
