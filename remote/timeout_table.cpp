#include "remote/timeout_table.hpp"

#include "base/sys/error.hpp"
#include "base/sys/file.hpp"
#include "base/sys/lock.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <system_error>

#include <fcntl.h>

namespace grapnel::remote {

namespace {

using Bytes4 = std::array<std::uint8_t, 4>;

Bytes4 first_four(const net::IpAddress& address)
{
    Bytes4 bytes{};
    std::copy_n(address.bytes().begin(), bytes.size(), bytes.begin());
    return bytes;
}

auto record_of(std::vector<TimeoutRecord>& records, const Bytes4& address)
{
    return std::find_if(records.begin(), records.end(),
                        [&](const auto& record) { return record.address == address; });
}

// The writing descriptor holds the lock; reading goes through one of its own.
std::vector<TimeoutRecord> read_locked(const std::string& path)
{
    const Fd reader = open_read(path);
    return decode_timeouts(read_all(reader.get(), 1024 * 1024, path).substr(0, timeout_table_size));
}

// change gets the records and returns which of them is to be written back.
void update(const std::string& path,
            const std::function<std::optional<std::size_t>(std::vector<TimeoutRecord>&)>& change)
{
    try {
        const Fd writer = open_file(path, O_WRONLY | O_NONBLOCK);
        lock(writer.get());
        auto records = read_locked(path);
        if (const auto index = change(records))
            write_at(writer.get(), encode(records[*index]),
                     static_cast<off_t>(*index * timeout_record_size), path);
    } catch (const std::system_error&) {
        // A hint that could not be kept.
    }
}

// The first free one; else the one that counts least: oldest, with 1024 s of grace for each
// timeout.
std::size_t place_for_new(const std::vector<TimeoutRecord>& records)
{
    const auto free = std::find_if(records.begin(), records.end(),
                                   [](const auto& record) { return record.count == 0; });
    if (free != records.end()) return static_cast<std::size_t>(free - records.begin());
    const auto weight = [](const TimeoutRecord& record) {
        return std::uint64_t{record.when} + record.count * std::uint64_t{1024};
    };
    const auto least =
        std::min_element(records.begin(), records.end(),
                         [&](const auto& a, const auto& b) { return weight(a) < weight(b); });
    return static_cast<std::size_t>(least - records.begin());
}

}

std::vector<TimeoutRecord> decode_timeouts(std::string_view bytes)
{
    std::vector<TimeoutRecord> records;
    for (; bytes.size() >= timeout_record_size; bytes.remove_prefix(timeout_record_size)) {
        const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); };
        const auto when = std::uint32_t{at(8)} | std::uint32_t{at(9)} << 8 |
                          std::uint32_t{at(10)} << 16 | std::uint32_t{at(11)} << 24;
        records.push_back({{at(0), at(1), at(2), at(3)}, at(4), when});
    }
    return records;
}

std::string encode(const TimeoutRecord& record)
{
    std::string bytes(timeout_record_size, '\0');
    for (std::size_t i = 0; i < 4; ++i) {
        bytes[i] = static_cast<char>(record.address[i]);
        bytes[8 + i] = static_cast<char>(record.when >> (8 * i) & 0xff);
    }
    bytes[4] = static_cast<char>(record.count);
    return bytes;
}

bool is_to_be_skipped(const TimeoutRecord& record, std::time_t now, pid_t pid)
{
    return record.count >= 2 && now - static_cast<std::time_t>(record.when) <
                                    static_cast<std::time_t>(60 + (pid & 31)) << 6;
}

std::optional<TimeoutRecord> TimeoutTable::find(const net::IpAddress& address) const
{
    if (address.is_v6()) return std::nullopt;
    try {
        auto records = read();
        const auto found = record_of(records, first_four(address));
        return found == records.end() ? std::nullopt : std::optional(*found);
    } catch (const std::system_error&) {
        return std::nullopt;
    }
}

void TimeoutTable::note_timeout(const net::IpAddress& address, std::time_t now) const
{
    if (address.is_v6()) return;
    update(path_, [&](std::vector<TimeoutRecord>& records) -> std::optional<std::size_t> {
        if (records.empty()) return std::nullopt;
        const auto seconds = static_cast<std::uint32_t>(now);
        const auto found = record_of(records, first_four(address));
        if (found == records.end()) {
            const auto index = place_for_new(records);
            records[index] = {first_four(address), 1, seconds};
            return index;
        }
        // Many deliveries to one dead host at once are one timeout.
        if (found->count > 0 && now < 120 + static_cast<std::time_t>(found->when))
            return std::nullopt;
        found->count = static_cast<std::uint8_t>(std::min(found->count + 1, 10));
        found->when = seconds;
        return static_cast<std::size_t>(found - records.begin());
    });
}

void TimeoutTable::note_answer(const net::IpAddress& address) const
{
    if (address.is_v6()) return;
    update(path_, [&](std::vector<TimeoutRecord>& records) -> std::optional<std::size_t> {
        const auto found = record_of(records, first_four(address));
        if (found == records.end() || found->count == 0) return std::nullopt;
        found->count = 0;
        return static_cast<std::size_t>(found - records.begin());
    });
}

std::vector<TimeoutRecord> TimeoutTable::read() const
{
    const Fd locked = open_file(path_, O_WRONLY | O_NONBLOCK);
    lock(locked.get());
    return read_locked(path_);
}

void TimeoutTable::clear() const
{
    const Fd writer = open_file(path_, O_WRONLY | O_NONBLOCK);
    lock(writer.get());
    write_at(writer.get(), std::string(timeout_table_size, '\0'), 0, path_);
}

}
