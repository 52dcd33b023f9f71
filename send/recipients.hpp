// A message's recipients on one channel, one by one in their order: out of local/S/N or remote/S/N,
// whatever its size, or as they were sorted, before there is such a file.
#pragma once

#include "base/sys/fd.hpp"
#include "queue/records.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace grapnel::send {

class Recipients {
public:
    // Throws system_error where it cannot be opened.
    explicit Recipients(const std::string& path);
    explicit Recipients(std::vector<queue::ChannelRecord> sorted)
        : read_to_end_(true), records_(std::move(sorted))
    {
    }

    enum class State { record, end, unknown_record };
    // Throws system_error where it cannot be read. record: it is in `current`.
    State next();
    const queue::ChannelRecord& current() const { return current_; }
    // What is in memory of those to come; and whether these are all.
    std::span<const queue::ChannelRecord> ahead() const
    {
        return std::span(records_).subspan(taken_);
    }
    bool are_all_in_memory() const { return read_to_end_; }
    bool are_over() const { return taken_ == records_.size() && read_to_end_; }

private:
    bool fill();

    Fd file_;   // open only while it is read
    std::string path_;
    std::uint64_t offset_ = 0;   // of what was not decoded yet
    std::size_t count_ = 0;      // records before it
    bool unknown_ = false, read_to_end_ = false;
    std::vector<queue::ChannelRecord> records_;
    std::size_t taken_ = 0;
    queue::ChannelRecord current_;
};

}
