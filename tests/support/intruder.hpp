// Somebody who has taken over a running program: its process makes the system calls that the test
// wants, under the rights that the program has left itself. By ptrace, from before the program
// starts, so that it is not a tracer's right that is tested. x86-64 only.
#pragma once

#include "support/process.hpp"

#include <string>
#include <string_view>

namespace grapnel::test {

class Intruder {
public:
    static std::string unavailable();   // why there can be none here, or ""

    // Starts the program with pipes on the descriptors that are not listed: 0 is open and silent.
    explicit Intruder(const Launch& launch);
    Intruder(const Intruder&) = delete;
    ~Intruder();

    pid_t pid() const { return pid_; }
    Fd& input() { return input_; }
    // Lets it run until it has confined itself and waits for something. False: it never does.
    bool take_over(bool confined = true);

    // Between 0 and what the kernel answers, errors as negative numbers. An argument: a number, or
    // text that is put into the program's memory.
    struct Argument {
        Argument(long number) : value(number) {}                      // NOLINT: calls read so
        Argument(int number) : value(number) {}                       // NOLINT
        Argument(const char* words) : text(words), is_text(true) {}   // NOLINT
        Argument(std::string words) : text(std::move(words)), is_text(true) {}   // NOLINT
        long value = 0;
        std::string text = {};
        bool is_text = false;
    };
    long call(long number, std::vector<Argument> arguments);

private:
    bool is_waiting(bool confined) const;
    void pass_signals_on();
    void stop();
    pid_t pid_ = -1;
    Fd input_, nothing_;
    bool stopped_ = false;
};

// "Name:" of /proc/PID/status, or of its text; blanks for tabs; "" where there is none.
std::string status_field(pid_t pid, const std::string& name);
std::string status_field(const std::string& status, const std::string& name);

}
