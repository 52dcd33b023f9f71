#include "base/sys/packet.hpp"

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
    std::array<char, CMSG_SPACE(most_packet_descriptors * sizeof(int))> bytes;
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

PacketPair make_packet_pair()
{
    std::array<int, 2> pair{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair.data()) != 0)
        throw_errno("unable to make a pair of sockets");
    return {Fd(pair[0]), Fd(pair[1])};
}

bool send_packet(int socket, std::string_view bytes, const std::vector<int>& descriptors)
{
    if (descriptors.size() > most_packet_descriptors) throw_error(EINVAL, "too many descriptors");
    std::array<char, 1> nothing{};
    iovec part{bytes.empty() ? nothing.data() : const_cast<char*>(bytes.data()), bytes.size()};
    ControlMessage control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (!descriptors.empty()) {
        const auto size = descriptors.size() * sizeof(int);
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        control.header.cmsg_len = CMSG_LEN(size);
        std::memcpy(CMSG_DATA(&control.header), descriptors.data(), size);
        message.msg_control = control.bytes.data();
        message.msg_controllen = CMSG_SPACE(size);
    }
    ssize_t sent;
    do sent = ::sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent >= 0;
}

std::optional<Packet> receive_packet(int socket, std::vector<char>& room)
{
    ControlMessage control{};
    iovec part{room.data(), room.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.bytes.data();
    message.msg_controllen = control.bytes.size();
    ssize_t got;
    do got = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    if (got < 0 && errno == EAGAIN) return std::nullopt;
    if (got < 0 && errno != ECONNRESET) throw_errno("unable to receive a packet");
    Packet packet;
    packet.ended = got <= 0;
    if (packet.ended) return packet;
    packet.bytes = {room.data(), static_cast<std::size_t>(got)};
    packet.descriptors = descriptors_in(message);
    packet.whole = (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0;
    return packet;
}

}
