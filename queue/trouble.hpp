// Where the queue's failures get their exit code and the sentence for descriptor 4.
#pragma once

#include "base/sys/program.hpp"

#include <string>
#include <system_error>

namespace grapnel::queue {

// Throws Stop: the code, and what a submitter may tell people. error: errno, 0 where there is none.
[[noreturn]] void stop(int exit_code, int error = 0);

// action(), with every system_error turned into that exit code.
template <class Action>
auto attempt(int exit_code, Action&& action)
{
    try {
        return action();
    } catch (const std::system_error& trouble) {
        stop(exit_code, trouble.code().value());
    }
}

// What qmail-queue says on the response descriptor: "D" or "Z", then the text; one line, at most
// 255 bytes.
std::string response_line(const Stop& stop);

// Whether whoever started this program left a pipe on descriptor 4 to hear why. To be asked before
// anything is opened: later a file of ours could have the number.
bool response_is_wanted();
void respond(const Stop& stop);   // never waits

}
