// Makes what was written to the queue durable, all of it at once: one flush of its file system
// costs about what one fsync does. Where the kernel does not tell syncfs's errors, the pieces are
// flushed one by one instead.
#pragma once

#include "base/sys/fd.hpp"

#include <set>
#include <string>

namespace grapnel::send {

// What was written and is not durable yet: names relative to the queue.
struct Touched {
    std::set<std::string> files, directories;
    bool elsewhere = false;   // and in a directory that we may not open: all of the file system
};

class Flusher {
public:
    // In the queue directory, before anything is written: an open directory is told of each failed
    // write since it was opened, once.
    Flusher();

    // Files that are gone have nothing to flush. Throws Broken.
    void flush(const Touched& touched) const;

private:
    void flush_all() const;

    Fd queue_;
    bool all_at_once_;
};

}
