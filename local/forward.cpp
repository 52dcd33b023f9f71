#include "local/forward.hpp"

#include "base/sys/error.hpp"
#include "base/sys/file.hpp"
#include "base/sys/program.hpp"
#include "queue/submission.hpp"

#include <system_error>

namespace grapnel::local {

namespace {

queue::Submission open_submission(const Environment& environment)
{
    try {
        return queue::Submission(environment);
    } catch (const std::system_error& error) {
        throw Stop{111,
                   "Unable to fork: " + std::string(reason(error.code().value())) + ". (#4.3.0)"};
    }
}

[[noreturn]] void refuse(const Failure& failure)
{
    throw Stop{failure.retry == Retry::never ? 100 : 111,
               "Unable to forward message: " + failure.text + '.'};
}

}

pid_t forward(const Envelope& envelope, int message, std::string_view head,
              const Environment& environment)
{
    queue::Submission submission = open_submission(environment);
    submission.write(head);
    Reader input(message, 65536);
    try {
        for (auto piece = input.available(); !piece.empty(); piece = input.available()) {
            submission.write(piece);
            input.consume(piece.size());
        }
    } catch (const std::system_error&) {
        refuse(temporary("qq read error (#4.3.0)"));
    }
    const auto queued = submission.finish(envelope);
    if (!queued) refuse(queued.error());
    return submission.pid();
}

}
