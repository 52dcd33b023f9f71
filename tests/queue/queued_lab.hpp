// qmail-queued run by a test in a sandbox, and a client that says to it frame by frame what it is
// told to.
#pragma once

#include "base/sys/fd.hpp"
#include "queue/queued_wire.hpp"
#include "support/process.hpp"
#include "support/temp_home.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::test {

class QueuedLab {
public:
    explicit QueuedLab(std::vector<std::string> wrapper = {},
                       std::vector<std::string> arguments = {});
    TempHome home;
    Process& process() { return *process_; }
    void start();   // and waits until it answers
    // SIGTERM, then its exit code (negative: a signal).
    int stop();

private:
    std::vector<std::string> wrapper_, arguments_;
    std::optional<Process> process_;
};

class QueuedClient {
public:
    using Kind = queue::FrameHead::Kind;
    // Throws where nobody listens.
    explicit QueuedClient(const TempHome& home);
    void raw(std::string_view bytes);   // a peer that has left is ignored
    void message(std::string_view bytes);
    void envelope(std::string_view bytes);
    void commit();
    // nullopt: it hung up, or said nothing in time.
    std::optional<queue::QueuedAnswer> answer();
    void leave() { socket_.reset(); }
    int descriptor() const { return socket_.get(); }

    // All of one message; its answer.
    std::optional<queue::QueuedAnswer> submit(std::string_view message, std::string_view envelope);

private:
    bool read_until(std::size_t size);
    Fd socket_;
    std::string received_;
};

}
