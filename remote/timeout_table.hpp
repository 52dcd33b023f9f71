// lock/tcpto: hosts that did not answer to connect (contract 7.4), shared by all qmail-remotes.
// 64 records of 16 bytes: IPv4 address, count, time. It has no room for IPv6: those are never in
// it.
#pragma once

#include "base/net/ip_address.hpp"

#include <array>
#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace grapnel::remote {

inline constexpr std::size_t timeout_record_size = 16, timeout_table_size = 1024;

struct TimeoutRecord {
    std::array<std::uint8_t, 4> address{};
    std::uint8_t count = 0;   // timeouts of late, at most 10; 0: the record is free
    std::uint32_t when = 0;   // unix seconds of the last one
    bool operator==(const TimeoutRecord&) const = default;
};
// Whole records only. Bytes that classic programs do not use are not kept.
std::vector<TimeoutRecord> decode_timeouts(std::string_view bytes);
std::string encode(const TimeoutRecord& record);

// Twice silent, and not long ago: 64 to 97 minutes, by process number.
bool is_to_be_skipped(const TimeoutRecord& record, std::time_t now, pid_t pid);

class TimeoutTable {
public:
    explicit TimeoutTable(std::string path)   // usually queue/lock/tcpto
        : path_(std::move(path))
    {
    }
    // Trouble with the file means: nothing known, nothing noted.
    std::optional<TimeoutRecord> find(const net::IpAddress& address) const;
    void note_timeout(const net::IpAddress& address, std::time_t now) const;
    void note_answer(const net::IpAddress& address) const;   // also a refusal is an answer

    std::vector<TimeoutRecord> read() const;   // throws system_error
    void clear() const;                        // throws system_error

private:
    std::string path_;
};

}
