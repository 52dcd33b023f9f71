#include "base/sys/kernel.hpp"

#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdlib>

namespace grapnel {

long landlock_abi()
{
    return ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

std::string missing_protection()
{
    std::string missing;
    if (landlock_abi() < 2) missing = "no Landlock";
    if (::prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0)
        missing += missing.empty() ? "no system call filters" : ", no system call filters";
    return missing;
}

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
