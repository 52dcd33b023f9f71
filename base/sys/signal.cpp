#include "base/sys/signal.hpp"

#include <csignal>

namespace grapnel {

namespace {
void install(int number, void (*handler)(int), int flags)
{
    struct sigaction action {};
    action.sa_handler = handler;
    action.sa_flags = flags;
    ::sigaction(number, &action, nullptr);
}
}

void ignore_signal(int number) { install(number, SIG_IGN, 0); }
void default_signal(int number) { install(number, SIG_DFL, 0); }
void handle_signal(int number, void (*handler)(int), bool restart)
{
    install(number, handler, restart ? SA_RESTART : 0);
}

void unblock_all_signals()
{
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

void default_signals()
{
    for (int number = 1; number < 32; ++number) default_signal(number);
    unblock_all_signals();
}

}
