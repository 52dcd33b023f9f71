#include "support/guard.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <string>

namespace grapnel::test {

namespace {

// Where an orphan's parent is killed in turn, we are its parent next.
bool kill_children()
{
    const std::string self = std::to_string(::getpid());
    std::ifstream children("/proc/self/task/" + self + "/children");
    bool killed = false;
    for (pid_t child = 0; children >> child;) killed = ::kill(child, SIGKILL) == 0 || killed;
    return killed;
}

[[noreturn]] void end_as(int status)
{
    if (!WIFSIGNALED(status)) ::_exit(WEXITSTATUS(status));
    const rlimit no_core{0, 0};   // there is one already
    ::setrlimit(RLIMIT_CORE, &no_core);
    ::signal(WTERMSIG(status), SIG_DFL);
    ::raise(WTERMSIG(status));
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::_exit(128 + WTERMSIG(status));
}

// Its status. Orphans that end meanwhile are only reaped.
int wait_for(pid_t test, const sigset_t& signals)
{
    for (;;) {
        int number = 0, status = 0;
        if (::sigwait(&signals, &number) != 0) continue;
        if (number != SIGCHLD) ::kill(test, number);
        for (pid_t ended = 0; (ended = ::waitpid(-1, &status, WNOHANG)) > 0;)
            if (ended == test) return status;
    }
}

}

void stand_guard()
{
    sigset_t signals, before;
    ::sigemptyset(&signals);
    for (const int number : {SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGQUIT})
        ::sigaddset(&signals, number);
    ::sigprocmask(SIG_BLOCK, &signals, &before);
    ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    const pid_t guard = ::getpid(), test = ::fork();
    if (test <= 0) {
        if (test == 0) ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        if (test == 0 && ::getppid() != guard) ::_exit(111);   // it was gone before
        ::sigprocmask(SIG_SETMASK, &before, nullptr);
        return;
    }
    const int status = wait_for(test, signals);
    while (kill_children() && (::waitpid(-1, nullptr, 0) > 0 || errno == EINTR)) continue;
    end_as(status);
}

}
