#include "base/sys/identity.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>

namespace grapnel {

bool is_exactly(const Identity& identity) noexcept
{
    uid_t real = 0, effective = 0, saved = 0;
    if (::getresuid(&real, &effective, &saved) != 0) return false;
    if (real != identity.uid || effective != identity.uid || saved != identity.uid) return false;
    gid_t real_group = 0, effective_group = 0, saved_group = 0;
    if (::getresgid(&real_group, &effective_group, &saved_group) != 0) return false;
    if (real_group != identity.gid || effective_group != identity.gid ||
        saved_group != identity.gid)
        return false;
    std::array<gid_t, 256> groups{};   // the kernel sorts them
    const int count = ::getgroups(groups.size(), groups.data());
    const auto& wanted = identity.groups;
    return count >= 0 && static_cast<std::size_t>(count) == wanted.size() &&
           std::all_of(wanted.begin(), wanted.end(), [&](gid_t group) {
               return std::find(groups.begin(), groups.begin() + count, group) !=
                      groups.begin() + count;
           });
}

}
