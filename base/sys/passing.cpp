#include "base/sys/passing.hpp"

#include "base/sys/error.hpp"

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace grapnel {

namespace {

// With room for our descriptors, aligned as the kernel wants it.
union ControlMessage {
    cmsghdr header;
    std::array<char, CMSG_SPACE(most_passed_descriptors * sizeof(int))> bytes;
};

std::vector<Fd> descriptors_in(msghdr& message)
{
    std::vector<Fd> result;
    for (auto* header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int number = -1;
            std::memcpy(&number, CMSG_DATA(header) + i * sizeof number, sizeof number);
            result.emplace_back(number);
        }
    }
    return result;
}

}

ssize_t send_with(int socket, std::string_view bytes, std::span<const int> descriptors, int flags)
{
    if (descriptors.size() > most_passed_descriptors) throw_error(EINVAL, "too many descriptors");
    std::array<char, 1> nothing{};
    iovec part{bytes.empty() ? nothing.data() : const_cast<char*>(bytes.data()), bytes.size()};
    ControlMessage control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (!descriptors.empty()) {
        const auto size = descriptors.size_bytes();
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        control.header.cmsg_len = CMSG_LEN(size);
        std::memcpy(CMSG_DATA(&control.header), descriptors.data(), size);
        message.msg_control = control.bytes.data();
        message.msg_controllen = CMSG_SPACE(size);
    }
    ssize_t sent;
    do sent = ::sendmsg(socket, &message, flags | MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent;
}

Arrived receive_with(int socket, char* room, std::size_t size, int flags)
{
    ControlMessage control{};
    iovec part{room, size};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.bytes.data();
    message.msg_controllen = control.bytes.size();
    Arrived arrived;
    do arrived.size = ::recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC);
    while (arrived.size < 0 && errno == EINTR);
    if (arrived.size < 0) return arrived;
    arrived.descriptors = descriptors_in(message);
    arrived.whole = (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0;
    return arrived;
}

}
