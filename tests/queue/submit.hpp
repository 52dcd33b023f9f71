// One run of qmail-queue by a test: message on 0, envelope on 1, response on 4.
#pragma once

#include "support/process.hpp"
#include "support/temp_home.hpp"

#include <string>
#include <vector>

namespace grapnel::test {

struct Injection {
    std::string message = "Subject: x\n\nhi\n";
    std::string envelope = std::string("Fa@x\0Tb@y\0\0", 11);
    std::vector<std::string> wrapper = {};   // a program that executes what follows it, in place
    bool stays_open = false;                 // descriptor 1 is not closed before it has ended
    std::vector<std::string> environment = {};   // beside the sandbox's, or alone where real
    bool real = false;                           // no sandbox: what the built-in home holds
};

struct Submitted {
    int code = -1;   // -N: signal N
    pid_t pid = 0;
    std::string response;
    std::string printed;   // on 2; 1 is the envelope
};

Submitted submit(const TempHome& home, const Injection& injection);

// The one file of that folder ("todo", "mess" …) relative to the queue; "" unless there is just
// one.
std::string only_file(const TempHome& home, const std::string& folder);
std::string queue_file(const TempHome& home, const std::string& folder);   // its bytes

// What qmail-queue puts on top, of about now: "Received: (qmail PID invoked by uid UID); @DATE@\n".
std::string received_by_us(pid_t pid);

bool sanitized();   // built with AddressSanitizer

}
