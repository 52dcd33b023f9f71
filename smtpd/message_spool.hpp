// The text of one message where scanners are to see it before the queue does: in memory up to 64
// KiB, beyond that in a file without a name. Nobody can change it behind our back: the memory is
// sealed, and the file is handed on for reading only. Not synced: it promises nothing to anybody.
#pragma once

#include "base/result.hpp"
#include "base/sys/fd.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace grapnel::smtpd {

// Names that a process left which was killed at a bad instant; nothing in use has had one for a
// minute, but what is counted by the hour.
void remove_left_spool_files(const std::string& directory);

class MessageSpool {
public:
    // directory: where the file is made, for a moment.
    explicit MessageSpool(std::string directory) : directory_(std::move(directory)) {}

    // Text with LF line ends is appended here, at most 64 KiB, then passed on. What goes wrong is
    // remembered for finish().
    std::string& text() { return text_; }
    void pass_on();

    // All is there. Failure (later): there is no room.
    Result<> finish();
    int descriptor() const { return readable_.get(); }   // after finish()
    std::uint64_t size() const { return size_; }

private:
    void begin_file();
    void write_out();

    std::string directory_, text_;
    Fd file_, readable_;
    std::uint64_t size_ = 0;
    int error_ = 0;
};

}
