// The other side of qmail-queue: start it (or what QMAILQUEUE names), feed it, understand it.
// Where bin/qmail-queue is our own and qmail-queued runs, that is given the message at once.
// Blocking.
#pragma once

#include "base/mail/envelope.hpp"
#include "base/result.hpp"
#include "base/sys/environment.hpp"
#include "base/sys/spawn.hpp"
#include "queue/handover.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace grapnel::queue {

class Submission {
public:
    // $QMAILQUEUE, else bin/qmail-queue, is run in the home directory. Throws where there is no
    // process or pipe. Ignore SIGPIPE first.
    explicit Submission(const Environment& environment);
    Submission(Submission&&) = default;
    // Dropped before finish(): the envelope is cut short, so nothing is queued.
    ~Submission();

    pid_t pid() const { return pid_; }   // the "qp" of logs: who queues; we, where nobody is run
    void
    write(std::string_view bytes);   // message, LF line ends. Trouble is remembered for finish()
    Result<> finish(const Envelope& envelope);

private:
    void run_program(const Environment& environment);
    Result<> hand_over(const Envelope& envelope);

    std::optional<Handover> handover_;
    Child child_;
    pid_t pid_ = -1;
    Fd message_, envelope_, response_;
    std::string buffer_;
    bool failed_ = false;
    void flush();
};

}
