#include "base/sys/kernel.hpp"

#include <sys/utsname.h>

#include <cstdlib>

namespace grapnel {

bool syncfs_tells_errors()
{
    struct utsname system {};
    if (::uname(&system) != 0) return false;
    char* rest = nullptr;
    const long major = std::strtol(system.release, &rest, 10);
    const long minor = *rest == '.' ? std::strtol(rest + 1, nullptr, 10) : 0;
    return major > 5 || (major == 5 && minor >= 8);
}

}
