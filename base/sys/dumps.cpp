#include "base/sys/dumps.hpp"

#include "base/sys/error.hpp"
#include "base/sys/limits.hpp"

#include <sys/auxv.h>
#include <sys/prctl.h>

namespace grapnel {

namespace {
bool forbidden = false;
}

void forbid_dumps()
{
    if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) throw_errno("unable to forbid dumps");
    forbidden = true;
}

}

#ifdef GRAPNEL_ADDRESS_SANITIZER
extern "C" int __lsan_is_turned_off();
extern "C" int __lsan_is_turned_off()
{
    return grapnel::forbidden || ::getauxval(AT_SECURE) != 0 ? 1 : 0;
}
#endif
