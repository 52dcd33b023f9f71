// control/hooks-on-inject: a message that is ready for the queue is shown to scanners first (stage
// data only). Knows how to ask and to take an answer; the queue is somebody else's.
#pragma once

#include "base/mail/envelope.hpp"
#include "base/result.hpp"
#include "base/sys/fd.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::inject {

// In the home directory. Without control/hooks-on-inject nothing else is looked at.
bool is_inspected();

// The message lies in memory up to 64 KiB, beyond that in a nameless file of the user's.
class Inspection {
public:
    // temporary: directories for that file, the first that takes one.
    explicit Inspection(std::vector<std::string> temporary);
    // Throws system_error; EFBIG: more than hooks/injection.hpp allows.
    void write(std::string_view bytes);

    struct Outcome {
        bool dropped = false;   // taken, and goes nowhere
        Envelope envelope = {};
        Fd message = {};   // from its beginning
        std::uint64_t size = 0;
    };
    // Failure: a scanner's refusal, as people are told it.
    Result<Outcome> finish(Envelope envelope);

private:
    void begin_file();

    std::vector<std::string> temporary_;
    std::string held_;   // while there is no file
    Fd file_;
    std::uint64_t size_ = 0, limit_;
};

}
