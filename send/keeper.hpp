// Keeps an optional daemon running beside qmail-send: starts it again when it has ended, and ends
// it when qmail-send has ended.
#pragma once

#include "base/sys/account.hpp"

#include <chrono>
#include <functional>
#include <string>
#include <sys/types.h>

namespace grapnel::send {

// 1 s doubling to 60 s; from the start again after a run of a minute. Pure.
class RestartDelay {
public:
    std::chrono::seconds after(std::chrono::seconds run);

private:
    std::chrono::seconds next_{1};
};

struct KeptDaemon {
    std::string program;   // sought in PATH
    Identity identity;
    int input;                      // its descriptor 0
    int log;                        // its 1 and 2
    std::function<void()> absent;   // called when it will not run for more than a second
};

// Forks the keeper; returns at once. It ends with this process, whatever that has become by then.
void keep(const KeptDaemon& daemon);

}
