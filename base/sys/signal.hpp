// Signals: ignored, defaulted or counted. Event loops have base/net/signals instead.
#pragma once

namespace grapnel {

void ignore_signal(int number);
void default_signal(int number);
// The handler may only store to a volatile sig_atomic_t or _exit. restart: SA_RESTART.
void handle_signal(int number, void (*handler)(int), bool restart = false);
void unblock_all_signals();
void default_signals();   // every one of them, and none blocked

}
