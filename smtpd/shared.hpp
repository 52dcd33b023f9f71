// Memory that the parent of the server and its workers share. Each worker writes its own part and
// reads the others'; when it has ended, the parent clears that part.
#pragma once

#include "smtpd/client_table.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

namespace grapnel::smtpd {

struct WorkerPart {
    std::atomic<std::int64_t> heartbeat{0};   // steady seconds
    std::atomic<std::uint32_t> waiting{0};    // messages that wait for their commit
    ClientTable clients;

    void clear();
};

class Shared {
public:
    explicit Shared(std::size_t workers);   // throws system_error
    Shared(const Shared&) = delete;
    Shared& operator=(const Shared&) = delete;
    ~Shared();

    std::span<WorkerPart> parts() const { return parts_; }
    std::uint64_t seed() const { return seed_; }

private:
    std::span<WorkerPart> parts_;
    std::uint64_t seed_;
};

// What one worker sees of it.
struct SharedView {
    std::span<WorkerPart> parts = {};
    std::size_t own = 0;
    std::uint64_t seed = 0;

    WorkerPart& mine() const { return parts[own]; }
};

}
