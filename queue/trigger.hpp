// lock/trigger: a named pipe by which qmail-queue wakes qmail-send (contract 5.4). Relative to the
// queue.
#pragma once

#include "base/sys/fd.hpp"

namespace grapnel::queue {

// Writes one byte; never blocks, never fails: it is only a hint, send also scans by itself.
void pull_trigger();

// For qmail-send: the reading end, and a writing end that keeps it from being readable at once.
// Reopen before each scan, then scan: what was written before is forgotten, what comes later wakes.
class Trigger {
public:
    Trigger() { reopen(); }
    void reopen();   // throws where the pipe cannot be opened
    int descriptor() const { return reader_.get(); }

private:
    Fd reader_;
    Fd writer_;
};

}
