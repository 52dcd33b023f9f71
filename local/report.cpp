#include "local/report.hpp"

#include "local/exit_code.hpp"

#include <string>

namespace grapnel::local {

namespace {

constexpr std::string_view too_long = "\nError report too long, sorry.\n";
constexpr std::size_t kept_of_long_output = 2966;

// The dynamic loader found no memory or descriptor: qmail-local never began. Its own programs' 127
// it makes a 111.
bool not_loaded(int code, std::string_view output)
{
    return code == 127 &&
           output.find("error while loading shared libraries:") != std::string_view::npos;
}

std::string words(std::string_view output)
{
    std::string text(output);
    if (text.size() > longest_output)
        text = text.substr(0, kept_of_long_output) + std::string(too_long);
    return text.substr(0, text.find('\0'));
}

}

queue::Outcome report(const Ending& ending, std::string_view output)
{
    if (ending.crashed) return {'Z', "qmail-local crashed.\n"};
    if (not_loaded(ending.code, output)) return {'Z', "Unable to run qmail-local.\n"};
    switch (ending.code) {
    case exit_code::usage:
        return {'Z', "Internal qmail-lspawn bug.\n"};
    case exit_code::root:
        return {'Z', "Not allowed to perform deliveries as root.\n"};
    case exit_code::home_unreachable:
        return {'Z', "NFS failure in qmail-local.\n"};
    case exit_code::no_alias:
        return {'Z', "Unable to find alias user!\n"};
    case exit_code::table:
        return {'Z', "Trouble reading users/cdb in qmail-lspawn.\n"};
    case exit_code::system:
        return {'Z', "Temporary failure in qmail-lspawn.\n"};
    case exit_code::memory:
        return {'Z', "Out of memory in qmail-lspawn.\n"};
    case exit_code::exec_later:
        return {'Z', "Unable to run qmail-local.\n"};
    case exit_code::exec_getpw:
        return {'Z', "Unable to run qmail-getpw.\n"};
    case exit_code::exec_never:
        return {'D', "Unable to run qmail-local.\n"};
    case 0:
        return {'K', words(output)};
    case 71:
    case 74:
    case 75:
    case 111:
        return {'Z', words(output)};   // sysexits.h: system, input or output, later
    default:
        return {'D', words(output)};
    }
}

}
