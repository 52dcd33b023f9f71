#include "local/command.hpp"

#include "base/sys/error.hpp"
#include "base/sys/program.hpp"
#include "base/sys/spawn.hpp"

#include <system_error>

namespace grapnel::local {

namespace {

Child start(const std::string& line, int message, const Environment& environment)
{
    try {
        return spawn({.path = "/bin/sh",
                      .arguments = {"/bin/sh", "-c", line},
                      .environment = environment.entries(),
                      .descriptors = {{0, message}},
                      .exec_failed_words = std::pair<std::string, std::string>(
                          "Unable to run /bin/sh: ", ". (#4.3.0)\n")});
    } catch (const std::system_error& error) {
        throw Stop{111,
                   "Unable to fork: " + std::string(reason(error.code().value())) + ". (#4.3.0)"};
    }
}

}

Afterwards run_command(const std::string& line, int message, const Environment& environment)
{
    const Ending ending = start(line, message, environment).wait();
    if (ending.crashed) throw Stop{111, "Aack, child crashed. (#4.3.0)"};
    switch (ending.code) {
    case 0:
        return Afterwards::go_on;
    case 99:
        return Afterwards::skip_the_rest;
    case 64:
    case 65:
    case 70:
    case 76:
    case 77:
    case 78:   // sysexits.h: usage, data, software, protocol, permission, config
    case 100:
    case 112:
        throw Stop{100};
    default:
        throw Stop{111};
    }
}

}
