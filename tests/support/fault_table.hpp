// What a test tells the library faulty_calls, which lies in its programs: by memory that both see,
// so that a confined program can be reached, too.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace grapnel::test {

struct FaultRule {
    std::array<char, 16> program;   // its first 15 bytes
    std::array<char, 16> call;
    std::uint64_t inode;   // calls about this file only; 0: about any
    int error;             // what it fails with; 0: it only takes longer
    unsigned delay;        // milliseconds
};

struct FaultTable {
    static constexpr std::size_t most = 16;
    std::array<FaultRule, most> rules;
    std::atomic<std::size_t> count;   // of rules that are in force
    std::atomic<std::size_t> hits;
    // Seconds that the clocks are ahead: the time of day, and in one program, or all of them where
    // it is empty, the time since the start of the machine.
    std::atomic<std::int64_t> wall, steady;
    std::array<char, 16> steady_in;
};

}
