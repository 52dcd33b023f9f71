// A small process that runs the operator's plugins and recipient checkers for a server that may not
// start programs itself: forked before the first byte from outside is read. It looks itself whether
// a program may be run, and with which variables: its peer's word is not enough.
#pragma once

#include "base/net/loop.hpp"
#include "base/sys/environment.hpp"
#include "base/sys/fd.hpp"
#include "smtpd/shared_words.hpp"

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::smtpd {

enum class ProgramKind : char {
    plugin = 'p',       // of control/smtpplugins: speaks on its descriptor 1
    rcpt_check = 'r',   // $RCPTCHECK: its exit code counts; speaks on its descriptor 4
};

struct ProgramResult {
    enum class End : char {
        exited = 'x',
        crashed = 'c',
        timeout = 't',
        refused = 'e',   // was not started: is not to be, too many run, no process left
    };
    End end = End::refused;
    int code = 0;         // of exited
    std::string output;   // at most 32 KiB
};

inline constexpr std::chrono::seconds program_limit{60};
inline constexpr std::size_t most_programs = 64;   // at once, of one helper

// May a session set this variable ("NAME=value")? As queue::VariableRule.
using VariableRule = std::function<bool(std::string_view entry)>;

// said: gets each "NAME=value" that a plugin sets, and each "NAME" that one takes away, before its
// session hears of it. limit: what a program may take; then it is killed. Programs start in the
// home directory.
Fd start_program_helper(const Environment& environment, const SharedWords& said,
                        const VariableRule& allowed = {},
                        std::chrono::seconds limit = program_limit);

// command: a line of control/smtpplugins, or the program. Throws nothing but Interrupted.
boost::asio::awaitable<ProgramResult> run_program(int helper, ProgramKind kind, std::string command,
                                                  std::vector<std::string> variables);

}
