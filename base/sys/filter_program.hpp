// A set of system calls becomes the program by which the kernel lets them pass. Written by hand
// because qmail-queue makes one for each message: the kernel walks it for every call there is, so
// it is a search tree.
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <map>
#include <span>
#include <vector>

namespace grapnel {

// An argument's lower half, under a mask, equals a value.
struct ArgumentIs {
    unsigned argument;
    std::uint32_t mask, value;
};

class CallSet {
public:
    void allow(std::span<const int> calls);
    // Where all of these hold; asked again for the same call: where either holds.
    void allow_if(int call, std::vector<ArgumentIs> conditions);
    void refuse(int call, int error);   // instead of `otherwise`

    // otherwise: what the kernel shall do (SECCOMP_RET_…) with every other call, and with calls of
    // another machine's numbers than `architecture` (AUDIT_ARCH_…).
    std::vector<sock_filter> program(std::uint32_t architecture, std::uint32_t otherwise) const;

private:
    struct Rule {
        bool always = false;
        int error = 0;
        std::vector<std::vector<ArgumentIs>> either = {};
    };
    std::map<std::uint32_t, Rule> rules_;
};

}
