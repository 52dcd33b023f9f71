// A program run by a test: fed, read and waited for with deadlines; ended when the object goes.
#pragma once

#include "base/sys/fd.hpp"
#include "base/sys/spawn.hpp"
#include "support/wait.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel::test {

struct Launch {
    std::vector<std::string>
        argv;   // argv[0] is also what is executed (sought in PATH without a slash)
    std::vector<std::string> environment = {};   // the whole of it; see TempHome::environment
    std::string directory = {};                  // chdir there first
    std::vector<std::pair<int, int>> descriptors =
        {};                   // {number in the child, ours}; 0, 1, 2 not listed are pipes
    bool own_group = false;   // the destructor ends everything the program started, too
};

class Process {
public:
    explicit Process(Launch launch);
    Process(Process&&) = default;
    Process& operator=(Process&&) = delete;
    ~Process();   // SIGKILL, and reaps

    pid_t pid() const { return child_.pid(); }
    void write(std::string_view bytes);   // to its 0; a reader that is gone is ignored
    void close_input() { input_.reset(); }

    // Reads until output() holds text (then true), or it ends, or the limit passes.
    bool wait_for_output(std::string_view text, milliseconds limit = patience);
    const std::string& output() const { return output_; }   // what was read of 1 so far
    const std::string& errors() const { return errors_; }   // of 2

    // Closes its input, reads all output; nullopt: still running after the limit. May be asked
    // again.
    std::optional<Ending> wait(milliseconds limit = patience);
    bool running();
    void kill(int signal) const;

    // The ends of the pipes, for tests that talk by themselves; -1 once closed.
    int input() const { return input_.get(); }
    int output_descriptor() const { return out_.get(); }

private:
    void pump(milliseconds limit);
    Child child_;
    std::optional<Ending> ending_;
    Fd input_, out_, err_;
    std::string output_, errors_;
    bool own_group_ = false;
};

struct Finished {
    Ending ending;   // crashed with code -1: it had to be killed after the limit
    std::string output, errors;
    bool operator==(int code) const { return !ending.crashed && ending.code == code; }
};

struct Running {
    pid_t pid;
    std::string name;   // of the program, its first 15 bytes
};
// Every process that has ENTRY ("QMAILHOME=/tmp/…") in its environment: what a home's programs
// started, too. Where environments may not be read: all that this test started.
std::vector<Running> processes_with(std::string_view entry);

// Runs a program to its end with `input` on 0. EXPECT_EQ(run(…).ending.code, 0).
Finished run(Launch launch, std::string_view input = {}, milliseconds limit = patience);

}
