// The queue's directories, held open: no flush lacks a descriptor when its turn comes. One set
// serves any number of messages. Names are relative to the queue.
#pragma once

#include "base/sys/fd.hpp"
#include "queue/spool.hpp"

#include <vector>

namespace grapnel::queue {

class Directories {
public:
    explicit Directories(const Spool& spool);   // opens todo. Throws system_error, as all of this

    const Spool& spool() const { return spool_; }
    int todo() const { return todo_.get(); }
    int mess(MessageNumber number);   // mess/S of that message; opened when first asked for

private:
    const Spool& spool_;
    Fd todo_;
    std::vector<Fd> mess_;
};

}
