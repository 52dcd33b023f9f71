#include "send/keeper.hpp"

#include "base/sys/error.hpp"
#include "base/sys/fd.hpp"
#include "base/sys/file.hpp"
#include "base/sys/log.hpp"
#include "base/sys/signal.hpp"
#include "base/sys/spawn.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <utility>

namespace grapnel::send {

using namespace std::chrono_literals;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

std::chrono::seconds RestartDelay::after(std::chrono::seconds run)
{
    if (run >= 60s) next_ = 1s;
    const auto delay = next_;
    next_ = std::min<seconds>(next_ * 2, 60s);
    return delay;
}

namespace {

constexpr int never_again = 100;   // exit code: no such program, or a wrong command line

// Asked to end when the parent does, which is of the same user: others' signals do not reach us.
// False: it has ended already.
bool end_with(pid_t parent)
{
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    return ::getppid() == parent;
}

class Keeper {
public:
    // parent: a pidfd, readable once it has ended. No signal of its death reaches another user's
    // process.
    Keeper(const KeptDaemon& daemon, Fd parent) : daemon_(daemon), parent_(std::move(parent))
    {
        sigset_t wanted;
        ::sigemptyset(&wanted);
        for (const int number : {SIGTERM, SIGCHLD}) ::sigaddset(&wanted, number);
        ::sigprocmask(SIG_BLOCK, &wanted, nullptr);
        signals_ = Fd(::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
        if (!signals_) throw_errno("unable to watch signals");
        default_signal(SIGCHLD);
        for (const int number : {SIGPIPE, SIGHUP, SIGINT, SIGALRM}) ignore_signal(number);
    }

    int run()
    {
        for (RestartDelay delay; !ending_;) {
            const auto begin = Clock::now();
            const auto ending = run_once();
            if (ending_) break;
            if (!ending.crashed && ending.code == never_again) {
                say("does not run; mail is taken without it");
                return never_again;
            }
            const auto pause =
                delay.after(std::chrono::duration_cast<seconds>(Clock::now() - begin));
            say((ending.crashed ? "was ended by signal " : "ended with exit code ") +
                std::to_string(ending.code) + "; again in " + std::to_string(pause.count()) + " s");
            if (pause > 1s) daemon_.absent();
            wait(Clock::now() + pause);
        }
        return 0;
    }

private:
    void say(const std::string& text) const { log_line_now(2, daemon_.program + ' ' + text); }

    Child start() const
    {
        const pid_t self = ::getpid();
        return fork_child([&] {
            if (!end_with(self)) return 0;
            execute({.path = daemon_.program,
                     .search_path = true,
                     .descriptors = {{0, daemon_.input}, {1, 2}, {2, 2}},
                     .exec_failed_never = never_again,
                     .exec_failed_text = "unable to run " + daemon_.program});
            return never_again;
        });
    }

    Ending run_once()
    {
        Child child = start();
        for (bool told = false;;) {
            if (const auto ending = child.try_wait()) return *ending;
            if (ending_ && !told) child.kill(SIGTERM);
            told = ending_;
            wait_once(-1);
        }
    }

    void wait(Clock::time_point moment)
    {
        while (!ending_ && Clock::now() < moment) {
            const auto left =
                std::chrono::duration_cast<std::chrono::milliseconds>(moment - Clock::now());
            wait_once(static_cast<int>(left.count()) + 1);
        }
    }

    // Until a signal comes, or the time has passed.
    void wait_once(int milliseconds)
    {
        pollfd watched[] = {{signals_.get(), POLLIN, 0}, {parent_.get(), POLLIN, 0}};
        if (ending_) watched[1].fd = -1;
        ::poll(watched, 2, milliseconds);
        ending_ = ending_ || watched[1].revents != 0;
        signalfd_siginfo signal{};
        while (::read(signals_.get(), &signal, sizeof signal) == sizeof signal)
            ending_ = ending_ || signal.ssi_signo == SIGTERM;
    }

    const KeptDaemon& daemon_;
    Fd parent_, signals_;
    bool ending_ = false;
};

}

void keep(const KeptDaemon& daemon)
{
    const pid_t parent = ::getpid();
    fork_child([&] {
        const Fd nothing = open_file("/dev/null", O_RDWR);
        for (const auto& [number, source] :
             {std::pair{2, daemon.log}, {0, nothing.get()}, {1, nothing.get()}})
            if (::dup2(source, number) < 0) return 111;
        Fd watched = process_handle(parent);
        if (!watched || ::getppid() != parent) return 0;
        become(daemon.identity);
        return Keeper(daemon, std::move(watched)).run();
    });
}

}
