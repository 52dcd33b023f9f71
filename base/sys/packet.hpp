// Messages between processes of ours over a SOCK_SEQPACKET pair, descriptors with them: whole or
// not at all.
#pragma once

#include "base/sys/fd.hpp"
#include "base/sys/passing.hpp"

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace grapnel {

inline constexpr std::size_t most_packet_descriptors = most_passed_descriptors;

struct PacketPair {
    Fd ours, theirs;
};
PacketPair make_packet_pair();

// Whether it went; never waits. False too where the peer is gone.
bool send_packet(int socket, std::string_view bytes, const std::vector<int>& descriptors = {});

struct Packet {
    std::string_view bytes = {};   // in the caller's room
    std::vector<Fd> descriptors = {};
    bool whole = true;    // false: longer than the room, or descriptors were lost
    bool ended = false;   // the peer is gone
};
// nullopt: nothing there now (a socket that does not block). Throws system_error.
std::optional<Packet> receive_packet(int socket, std::vector<char>& room);

}
