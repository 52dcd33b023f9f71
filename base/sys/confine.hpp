// A program gives up, for good and before the first byte from outside, what it will not need: its
// row in the table of privileges (docs/internals.md) is one call of confine() in its main.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace grapnel {

// System calls by what they are for. What every program may: memory, time, signals, reading and
// writing descriptors it has, polling, ending. Never, for anybody confined: ptrace, other
// processes' memory, bpf, io_uring, keys, mounts, modules, name spaces, executable writable memory.
enum class May : unsigned {
    nothing_more = 0,
    read_files = 1,       // open for reading, stat, list
    write_files = 2,      // create, link, rename, remove, change
    use_network = 4,      // sockets of the families in Confinement
    start_programs = 8,   // fork, exec, wait
    start_threads = 16,   // of this process
};
constexpr May operator|(May a, May b)
{
    return static_cast<May>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
constexpr bool includes(May set, May one)
{
    return (static_cast<unsigned>(set) & static_cast<unsigned>(one)) != 0;
}

struct Confinement {
    // Resource limits; nullopt leaves what is there. Memory is address space, in bytes.
    std::optional<std::uint64_t> descriptors = {};
    std::optional<std::uint64_t> processes = {};
    std::optional<std::uint64_t> memory = {};
    std::optional<std::uint64_t> file_size = {};

    bool no_new_privileges =
        true;   // a setuid program gives nothing then: not where qmail-queue is run

    // Landlock: these paths and what is below them, nothing else. nullopt: no restriction of paths.
    struct Paths {
        std::vector<std::string> readable;   // files and directories; absent ones are skipped
        std::vector<std::string> writable;   // readable too; create and remove below
        std::vector<std::string> executable;
    };
    std::optional<Paths> paths = {};

    std::optional<May> system_calls = {};   // nullopt: no filter
};

// In this order: limits (core files: none), no dumps, no new privileges, Landlock, system call
// filter. What the kernel does not offer is left out and named in the answer ("landlock",
// "seccomp"); the rest throws. Under AddressSanitizer limits of memory and the filter are left out,
// silently.
std::vector<std::string> confine(const Confinement& confinement);

}
