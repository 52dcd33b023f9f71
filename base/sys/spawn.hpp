// Starting programs: everything said in a Command, nothing inherited by accident. Child owns the
// process.
#pragma once

#include "base/sys/fd.hpp"
#include "base/sys/identity.hpp"

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace grapnel {

struct Ending {
    bool crashed = false;   // killed by a signal
    int code = 0;           // exit code, or the signal's number
    bool success() const { return !crashed && code == 0; }
};

class Child {
public:
    Child() = default;
    explicit Child(pid_t pid) : pid_(pid) {}
    Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}
    Child& operator=(Child&& other) noexcept
    {
        std::swap(pid_, other.pid_);
        return *this;
    }
    // A child that was not waited for is left running; nobody is killed from a destructor.
    ~Child() = default;

    pid_t pid() const { return pid_; }
    explicit operator bool() const { return pid_ > 0; }
    Ending wait();                      // blocks
    std::optional<Ending> try_wait();   // nullopt: still running
    void kill(int signal) const;

private:
    pid_t pid_ = -1;
};

// Readable once that process has ended; whose number it was does not matter then. Empty where there
// is no such process, or no descriptor for it.
Fd process_handle(pid_t pid);

struct Command {
    std::string path;                          // as for execve; relative to directory
    std::vector<std::string> arguments = {};   // argv, argv[0] first; empty: just path
    bool search_path = false;   // path is a name sought in PATH (of the given environment)
    std::optional<std::vector<std::string>> environment = {};   // nullopt: ours
    std::vector<std::pair<int, int>> descriptors = {};   // {number in the child, our descriptor}
    std::vector<int> closed = {};                // numbers to be closed in the child (0, 1, 2)
    std::optional<std::string> directory = {};   // chdir there first
    std::optional<Identity> identity = {};       // become(that)
    int exec_failed_later = 111;                 // exit code when exec fails, temporary reason
    int exec_failed_never = 111;                 // other reason
    std::string exec_failed_text = {};   // said on descriptor 2 then, before ": " and the reason
    // Said on descriptor 2 before that: these words with the reason between them.
    std::optional<std::pair<std::string, std::string>> exec_failed_words = {};
};

// Signals get their defaults and an empty mask, limits what they were before limit_ourselves() and
// raise_ourselves(): some programs close all descriptors they could have.
// Throws where no process can be made.
Child spawn(const Command& command);

// The same in this very process: returns never; exits with the exec_failed codes.
[[noreturn]] void execute(const Command& command);

// A child that runs body and exits with its result. For single-threaded parents only.
Child fork_child(const std::function<int()>& body);

}
