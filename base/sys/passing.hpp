// Bytes over a local socket, with descriptors beside them (SCM_RIGHTS). What was received closes on
// exec.
#pragma once

#include "base/sys/fd.hpp"

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace grapnel {

inline constexpr std::size_t most_passed_descriptors = 4;

// As send(2) and recv(2): -1 and errno; EINTR is tried again. The descriptors go with the first of
// the bytes, of which there must be one on a stream. MSG_NOSIGNAL is added.
ssize_t send_with(int socket, std::string_view bytes, std::span<const int> descriptors, int flags);

struct Arrived {
    ssize_t size = 0;
    std::vector<Fd> descriptors = {};
    bool whole = true;   // false: there was more than had room
};
Arrived receive_with(int socket, char* room, std::size_t size, int flags);

}
