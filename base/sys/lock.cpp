#include "base/sys/lock.hpp"

#include "base/sys/error.hpp"

#include <sys/file.h>

#include <cerrno>

namespace grapnel {

bool try_lock(int descriptor)
{
    if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return true;
    if (errno != EWOULDBLOCK) throw_errno("unable to lock");
    return false;
}

void lock(int descriptor)
{
    if (::flock(descriptor, LOCK_EX) != 0) throw_errno("unable to lock");
}

}
