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
    read_files = 1,            // open for reading, stat, list
    write_files = 2,           // create, link, rename, remove, change
    use_network = 4,           // sockets of the Internet and of this machine
    start_programs = 8,        // fork, exec, wait
    start_threads = 16,        // of this process
    remove_files = 32,         // unlink, and nothing else that changes anything
    change_files = 64,         // open for writing what is there; neither create nor cut
    use_local_sockets = 128,   // those of this machine
    keep_scratch = 256         // make files and remove them; no links, no names changed
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
    // Resource limits; nullopt leaves what is there. Memory as in limits.hpp.
    std::optional<std::uint64_t> descriptors = {};
    std::optional<std::uint64_t> processes = {};
    std::optional<std::uint64_t> memory = {};
    std::optional<std::uint64_t> file_size = {};

    bool no_new_privileges =
        true;   // a setuid program gives nothing then: not where qmail-queue is run

    // Landlock: these paths and what is below them, nothing else; with it go signals to, and
    // abstract sockets of, programs that are not so confined, and TCP where no network may be used.
    // nullopt: no restriction.
    struct Paths {
        std::vector<std::string> readable;   // files and directories; absent ones are skipped
        std::vector<std::string> writable;   // readable too; create and remove below
        std::vector<std::string> executable;
        std::vector<std::string> emptied = {};   // directories: list, and remove files below
        std::vector<std::string> scratch = {};   // directories: make, write and remove files below
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
