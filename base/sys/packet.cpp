#include "base/sys/packet.hpp"

#include "base/sys/error.hpp"

#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace grapnel {

PacketPair make_packet_pair()
{
    std::array<int, 2> pair{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair.data()) != 0)
        throw_errno("unable to make a pair of sockets");
    return {Fd(pair[0]), Fd(pair[1])};
}

bool send_packet(int socket, std::string_view bytes, const std::vector<int>& descriptors)
{
    return send_with(socket, bytes, descriptors, MSG_DONTWAIT) >= 0;
}

std::optional<Packet> receive_packet(int socket, std::vector<char>& room)
{
    Arrived arrived = receive_with(socket, room.data(), room.size(), 0);
    if (arrived.size < 0 && errno == EAGAIN) return std::nullopt;
    if (arrived.size < 0 && errno != ECONNRESET) throw_errno("unable to receive a packet");
    Packet packet;
    packet.ended = arrived.size <= 0;
    if (packet.ended) return packet;
    packet.bytes = {room.data(), static_cast<std::size_t>(arrived.size)};
    packet.descriptors = std::move(arrived.descriptors);
    packet.whole = arrived.whole;
    return packet;
}

}
