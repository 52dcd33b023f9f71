// A small process that runs qmail-queue (or what QMAILQUEUE names), and programs that judge
// passwords and the like, for one that may not start programs itself: it is forked before the first
// byte from outside is read, and reads frames of that one peer only.
#pragma once

#include "base/sys/environment.hpp"
#include "base/sys/fd.hpp"

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::queue {

// May a submission set this variable ("NAME=value"), or take it away ("NAME")? Asked in the helper:
// the peer's word is not enough.
using VariableRule = std::function<bool(std::string_view entry)>;

// The words of the program that judges what `which` names; empty: there is none. Asked in the
// helper, too, each time.
using JudgeRule = std::function<std::vector<std::string>(std::string_view which)>;

// Forks it; returns the socket to ask over. It ends when every copy of that socket is closed.
// The program starts with `environment`; without a rule a submission may set none.
Fd start_submission_helper(const Environment& environment, const VariableRule& allowed = {},
                           const JudgeRule& judges = {});

// The four descriptors of one submission, passed to the helper; ours are the other ends.
struct HelperJob {
    Fd message;    // write the message here,
    Fd envelope;   // then the envelope here
    Fd response;   // what the queue program says on its descriptor 4 or 6
    Fd result;     // frames: started, then ended
};
// Throws system_error: no descriptors left, or the helper is gone or too busy.
HelperJob ask_helper(int socket, const std::vector<std::string>& variables);

// A program that judges: it reads input, at most 32 KiB, on descriptor 3, by the checkpassword
// interface; what it writes on 1 is lost. Killed after a minute, where that may be done; 64 at
// once.
inline constexpr std::size_t longest_judge_input = 32768;
// The frames: started, then ended; or refused. Throws as ask_helper.
Fd ask_judge(int socket, std::string_view which, const std::vector<std::string>& variables,
             std::string_view input);

struct HelperFrame {
    enum class Kind : std::uint8_t { started = 'P', refused = 'R', ended = 'E' };
    Kind kind = Kind::refused;
    bool crashed = false;
    std::int32_t value = 0;   // process id, errno, exit code or signal

    static constexpr std::size_t size = 8;
    std::string encode() const;
    static std::optional<HelperFrame> decode(std::string_view bytes);
};

}
