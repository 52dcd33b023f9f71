// control/hooks-on-inject: a message that is ready for the queue is shown to scanners first (stage
// data only). Knows how to ask and to take an answer; the queue is somebody else's.
#pragma once

#include "base/mail/envelope.hpp"
#include "base/result.hpp"
#include "base/sys/fd.hpp"

#include <cstdint>
#include <string_view>

namespace grapnel::inject {

// In the home directory. Without control/hooks-on-inject nothing else is looked at.
bool is_inspected();

// The message lies in sealed memory: of a file qmail-hookd could not know that nobody changes it.
class Inspection {
public:
    // Throws system_error, as write(); EFBIG: more than may be held (control/databytes, else 128
    // MiB).
    Inspection();
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
    Fd message_;
    std::uint64_t size_ = 0, limit_;
};

}
