// A stand-in for qmail-queue: keeps what it gets, answers as told. And programs run with it.
#pragma once

#include "support/process.hpp"
#include "support/temp_home.hpp"

#include <string>
#include <vector>

namespace grapnel::test {

struct Captured {
    std::string message, envelope;
};

class Capture {
public:
    explicit Capture(int exit_code = 0, const std::string& text = {});
    void answer(int exit_code, const std::string& text = {});   // from now on
    std::vector<std::string> environment() const;   // QMAILQUEUE and what the stand-in wants
    // What came since the last call, in order.
    std::vector<Captured> take();

private:
    TempDirectory directory_;
    int exit_code_ = 0;
    int taken_ = 0;
};

// PROGRAM of home with capture as its queue; nothing else in the environment but `variables`, PATH
// and home.
struct Ran {
    Finished outcome;
    pid_t pid = 0;
};
Ran run_program(const TempHome& home, std::vector<std::string> argv,
                std::vector<std::string> variables, std::string_view input,
                const std::string& directory = "/");

}
