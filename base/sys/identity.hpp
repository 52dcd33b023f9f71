// Who a process is. Knows no names: what uses only this needs no name service.
#pragma once

#include <sys/types.h>

#include <vector>

namespace grapnel {

struct Identity {
    uid_t uid = 0;
    gid_t gid = 0;
    std::vector<gid_t> groups;   // supplementary; normally just gid
};

// Real, effective and saved ids and the groups are those, and no others. Makes system calls only.
bool is_exactly(const Identity& identity) noexcept;

}
