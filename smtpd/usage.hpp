// What has been used of allowances by the hour: messages and recipients of users, wrong passwords
// of clients. One file of fixed size, run/spool/usage, mapped by all qmail-smtpd of a home, the
// server's workers and those for one session alike. Bounded: where a name finds no place, the one
// that was begun longest ago gives its own. No locks: each count is one word, so that whoever dies
// leaves nothing wrong.
#pragma once

#include "base/sys/fd.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

namespace grapnel::smtpd {

inline constexpr std::string_view usage_file = "usage";   // in run/spool

class Usage {
public:
    static constexpr std::uint32_t an_hour = 3600;

    // In a directory that must be there. nullopt: it cannot be had, and why has the reason.
    static std::optional<Usage> open(const std::string& path, std::string& why);
    Usage(Usage&& other) noexcept;
    Usage& operator=(Usage&&) = delete;
    ~Usage();

    // So many were used by that name in the hour that began with the first of them.
    std::uint32_t used(std::string_view what, std::string_view name, std::time_t now) const;
    // Uses more, unless that makes it more than most (0: no limit). False: it would.
    bool use(std::string_view what, std::string_view name, std::uint32_t count, std::uint32_t most,
             std::time_t now);
    // Seconds until that hour is over.
    std::uint32_t left_of_hour(std::string_view what, std::string_view name, std::time_t now) const;

private:
    // In each slot, state: seconds since 1970 of the hour's begin, then the count.
    struct Slot {
        std::atomic<std::uint64_t> key, state;
    };
    static constexpr std::size_t buckets = 4096, slots = 8;
    struct Table {
        std::uint64_t format, seed;
        Slot slot[buckets][slots];
    };
    explicit Usage(Table* table) : table_(table) {}
    std::uint64_t key_of(std::string_view what, std::string_view name) const;
    Slot* find(std::uint64_t key) const;
    Slot& place(std::uint64_t key, std::time_t now);

    Table* table_;
};

// That of this home; without one its limits are not held, which is logged.
std::optional<Usage> open_usage();

}
