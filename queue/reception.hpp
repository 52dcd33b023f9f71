// One message that comes to qmail-queued in frames: into the queue's files as they arrive. After
// the first trouble the rest is read and dropped.
#pragma once

#include "base/sys/program.hpp"
#include "queue/incoming.hpp"
#include "queue/queued_wire.hpp"

#include <exception>
#include <optional>
#include <string_view>

namespace grapnel::queue {

class Reception {
public:
    void take(Directories& directories, const Submitter& submitter, FrameHead::Kind kind,
              std::string_view bytes);

    void refuse(Stop problem) { problem_ = std::move(problem); }   // whatever comes

    // S3: everything is written; nullptr where there was trouble.
    Incoming* prepare(Directories& directories, const Submitter& submitter);

    const std::optional<Stop>& problem() const { return problem_; }
    void drop() { incoming_.reset(); }   // takes back what is not queued

private:
    void begin_envelope();
    void fail(std::exception_ptr trouble);

    std::optional<Incoming> incoming_;
    std::optional<Stop> problem_;
    bool envelope_begun_ = false;
};

}
