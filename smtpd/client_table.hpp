// Connections of clients, counted by all workers of the server together without a lock: each writes
// a table of its own, in memory that all share, and reads the others'. So a worker that dies leaves
// nothing wrong behind: its table is cleared. Bounded: where a client finds no place, he is not
// counted. Pure but for that.
#pragma once

#include "base/net/ip_address.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace grapnel::smtpd {

using Moment = std::chrono::steady_clock::time_point;

// One client for our limits: an IPv4 address, an IPv6 /64. Never 0.
std::uint64_t client_key(const net::IpAddress& address);

class ClientTable {
public:
    struct Slot {
        std::atomic<std::uint64_t> client{0};
        // His allowance of new connections is whole again then.
        std::atomic<Moment::rep> whole_at{0};
        std::atomic<std::uint32_t> connections{0};
    };
    struct Count {
        std::size_t connections = 0;
        Moment whole_at{};
    };

    // Any process's.
    Count count(std::uint64_t client, std::uint64_t seed) const;

    // Its owner's. The client's slot, or one that is no longer needed; nullptr: none is.
    Slot* place(std::uint64_t client, std::uint64_t seed, Moment now);
    void clear();   // or the parent's, when the owner has ended

private:
    static constexpr std::size_t buckets = 2048, slots = 8;
    using Bucket = std::array<Slot, slots>;
    static std::size_t bucket_of(std::uint64_t client, std::uint64_t seed);

    std::array<Bucket, buckets> table_{};
};

}
