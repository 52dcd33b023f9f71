// Descriptors watched for input by epoll, for programs without an event loop: however many there
// are, only those that are ready cost anything.
#pragma once

#include "base/sys/fd.hpp"

#include <sys/epoll.h>

#include <array>
#include <cstdint>
#include <span>

namespace grapnel {

class Watch {
public:
    Watch();

    // False: it is a file, which is always ready. number: what wait() calls it.
    bool add(int descriptor, std::uint64_t number);
    // Before it is closed: a child that has not yet become its program may hold it too.
    void remove(int descriptor);

    // Those that are ready, as event.data.u64; none after the time, or where a signal came. -1: no
    // limit. Valid until the next call.
    std::span<const epoll_event> wait(int milliseconds);

    int descriptor() const { return epoll_.get(); }   // itself readable when something is ready

private:
    Fd epoll_;
    std::array<epoll_event, 64> events_{};
};

}
