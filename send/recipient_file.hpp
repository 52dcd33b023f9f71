// local/S/N or remote/S/N, read record by record from the front, whatever its size.
#pragma once

#include "base/sys/fd.hpp"
#include "queue/records.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace grapnel::send {

class RecipientFile {
public:
    // Throws system_error where it cannot be opened.
    explicit RecipientFile(const std::string& path);

    enum class State { record, end, unknown_record };
    // Throws system_error where it cannot be read. record: it is in `current`.
    State next();
    const queue::ChannelRecord& current() const { return current_; }

private:
    bool fill();

    Fd file_;
    std::string path_;
    std::uint64_t offset_ = 0;   // of what was not decoded yet
    std::vector<queue::ChannelRecord> records_;
    std::size_t taken_ = 0;
    bool unknown_ = false;
    queue::ChannelRecord current_;
};

}
