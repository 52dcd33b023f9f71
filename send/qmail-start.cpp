// Starts the four daemons of the queue, joined by pipes, each as its own user, and qmail-queued and
// qmail-hookd beside them; then becomes qmail-send, so that what supervises it signals qmail-send.
// qmail-start [defaultdelivery [logger argument …]]
#include "base/sys/account.hpp"
#include "base/sys/control.hpp"
#include "base/sys/environment.hpp"
#include "base/sys/file.hpp"
#include "base/sys/kernel.hpp"
#include "base/sys/log.hpp"
#include "base/sys/program.hpp"
#include "base/sys/row.hpp"
#include "base/sys/spawn.hpp"
#include "hooks/hookd_socket.hpp"
#include "hooks/subscriptions.hpp"
#include "queue/exit_code.hpp"
#include "queue/queued_socket.hpp"
#include "queue/queued_wire.hpp"
#include "send/keeper.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace {

using namespace grapnel;

// Who runs as whom, and the descriptors that he gets as 0, 1 and 2.
struct Daemon {
    std::string name;
    std::vector<std::string> arguments;
    Identity identity;
    int input, output, errors;
};

Command command(const Daemon& daemon)
{
    std::vector<std::string> arguments{daemon.name};
    arguments.insert(arguments.end(), daemon.arguments.begin(), daemon.arguments.end());
    return {.path = daemon.name,
            .arguments = arguments,
            .search_path = true,
            .descriptors = {{0, daemon.input}, {1, daemon.output}, {2, daemon.errors}},
            .closed = {3, 4, 5, 6},
            .identity = daemon.identity};
}

// Root, but in no group other than qmail.
Identity spawner_of_users()
{
    Identity identity = role_identity(Role::queue);
    if (!in_sandbox()) identity.uid = 0;
    return identity;
}

// Optional: without it qmail-queue alone takes mail.
void start_queued(const Identity& queue, int log)
{
    if (Control().integer("queued", 1) == 0) return;
    if (in_sandbox() && !status_if_there(home() + "/run")) return;
    try {
        const Fd listener = queue::listen_for_queued(home());
        const queue::QueuedAnswer refusal{queue::exit_code::server_refused_later, ::getpid(),
                                          "Zthe queue is out of order (#4.3.0)"};
        send::keep(
            {.program = "qmail-queued",
             .identity = queue,
             .input = listener.get(),
             .log = log,
             .absent = [&] { queue::shut_queued(listener.get(), home(), encode(refusal)); }});
    } catch (const std::system_error& error) {
        log_line(log, std::string("qmail-start: going on without qmail-queued: ") + error.what());
    }
}

// Only where there is a scanner. Without it their policies decide.
void start_hookd(int log)
{
    try {
        if (hooks::scanner_names(home() + "/control").empty()) return;
        const Fd listener = hooks::listen_for_hookd(home());
        send::keep({.program = "qmail-hookd",
                    .identity = role_identity(Role::hooks),
                    .input = listener.get(),
                    .log = log,
                    .absent = [&] { hooks::shut_hookd(listener.get(), home()); }});
    } catch (const std::system_error& error) {
        log_line(log, std::string("qmail-start: going on without qmail-hookd: ") + error.what());
    } catch (const Stop& stop) {
        log_line(log, "qmail-start: going on without qmail-hookd: " + stop.text);
    }
}

int start(const std::vector<std::string>& arguments)
{
    row::qmail_start();
    change_directory("/");
    ::umask(077);
    const std::string default_delivery = arguments.empty() ? "./Mailbox" : arguments.front();
    const Identity queue = role_identity(Role::queue), remote = role_identity(Role::remote);
    const Identity send = role_identity(Role::send), users = spawner_of_users();

    const Fd nothing = open_file("/dev/null", O_RDWR);
    Fd log = duplicate(1);
    if (arguments.size() > 1) {
        Pipe pipe = make_pipe();
        spawn(command({arguments[1],
                       {arguments.begin() + 2, arguments.end()},
                       role_identity(Role::log),
                       pipe.reader.get(),
                       log.get(),
                       nothing.get()}));
        log = std::move(pipe.writer);
    }

    if (const auto missing = missing_protection(); !missing.empty())
        log_line(log.get(), "qmail-start: going on with less protection: " + missing);
    start_queued(queue, log.get());
    start_hookd(log.get());
    const Pipe to_local = make_pipe(), from_local = make_pipe();
    const Pipe to_remote = make_pipe(), from_remote = make_pipe();
    const Pipe to_clean = make_pipe(), from_clean = make_pipe();
    const Daemon daemons[] = {
        {"qmail-lspawn",
         {default_delivery},
         users,
         to_local.reader.get(),
         from_local.writer.get(),
         nothing.get()},
        {"qmail-rspawn",
         {},
         remote,
         to_remote.reader.get(),
         from_remote.writer.get(),
         nothing.get()},
        {"qmail-clean", {}, queue, to_clean.reader.get(), from_clean.writer.get(), nothing.get()},
    };
    for (const auto& daemon : daemons) spawn(command(daemon));

    Environment environment = Environment::of_process();
    environment.set("QMAILSPAWNEXT", "1");   // the spawners may be ours: ask them
    execute({.path = "qmail-send",
             .search_path = true,
             .environment = environment.entries(),
             .descriptors = {{0, log.get()},
                             {1, to_local.writer.get()},
                             {2, from_local.reader.get()},
                             {3, to_remote.writer.get()},
                             {4, from_remote.reader.get()},
                             {5, to_clean.writer.get()},
                             {6, from_clean.reader.get()}},
             .identity = send});
}

}

int main(int count, char** values)
{
    return run("qmail-start", [&] {
        ensure_standard_descriptors();
        return start({values + 1, values + count});
    });
}
