#include "send/recipients.hpp"

#include "base/sys/error.hpp"
#include "base/sys/file.hpp"

#include <unistd.h>

#include <cerrno>
#include <utility>

namespace grapnel::send {

namespace {
constexpr std::size_t chunk = 4096, longest_record = 1u << 20;
}

Recipients::Recipients(const std::string& path) : file_(open_read(path)), path_(path) {}

Recipients::State Recipients::next()
{
    if (taken_ == records_.size() && (unknown_ || !fill()))
        return unknown_ ? State::unknown_record : State::end;
    current_ = std::move(records_[taken_++]);
    return State::record;
}

// Reads whole records at offset_; false where there is none. What follows the last NUL is no
// record.
bool Recipients::fill()
{
    if (read_to_end_) return false;
    const Fd file = file_ ? std::exchange(file_, {}) : open_read(path_);
    std::string bytes;
    for (auto size = chunk; size <= longest_record; size *= 4) {
        bytes.resize(size);
        ssize_t count = 0;
        do count = ::pread(file.get(), bytes.data(), size, static_cast<off_t>(offset_));
        while (count < 0 && errno == EINTR);
        if (count < 0) throw_errno("unable to read", path_);
        bytes.resize(static_cast<std::size_t>(count));
        auto found = queue::decode_channel_file(bytes);
        records_ = std::move(found.records);
        taken_ = 0;
        unknown_ = found.unknown_record;
        read_to_end_ = bytes.size() < size && !unknown_;
        for (auto& record : records_) {
            record.offset += offset_;
            record.index = count_++;
        }
        if (!records_.empty()) {
            offset_ = records_.back().offset + records_.back().address.size() + 2;
            return true;
        }
        if (unknown_ || bytes.size() < size) return false;
    }
    throw_error(EMSGSIZE, "record too long in", path_);
}

}
