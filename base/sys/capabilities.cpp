#include "base/sys/capabilities.hpp"

#include "base/sys/error.hpp"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace grapnel {

void keep_capabilities(std::initializer_list<int> ours)
{
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
    if (::syscall(SYS_capget, &header, sets.data()) != 0)
        throw_errno("unable to read capabilities");
    ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    std::array<std::uint32_t, _LINUX_CAPABILITY_U32S_3> kept{};
    for (const int one : ours)
        kept[static_cast<std::size_t>(one) / 32] |= std::uint32_t{1} << (one % 32);
    for (std::size_t i = 0; i < sets.size(); ++i) {
        sets[i].permitted &= kept[i];
        sets[i].effective = sets[i].permitted;
        sets[i].inheritable = 0;
    }
    if (::syscall(SYS_capset, &header, sets.data()) != 0)
        throw_errno("unable to give up capabilities");
}

void bound_capabilities(std::initializer_list<int> anybodys)
{
    for (int one = 0; ::prctl(PR_CAPBSET_READ, one, 0, 0, 0) >= 0; ++one)
        if (std::find(anybodys.begin(), anybodys.end(), one) == anybodys.end())
            ::prctl(PR_CAPBSET_DROP, one, 0, 0, 0);
}

}
