// What one session may still have: commands, faults, messages, time; when the server is short of
// places it has less. Pure: the caller brings the time.
#pragma once

#include "smtpd/answer.hpp"
#include "smtpd/patience.hpp"

#include <chrono>
#include <cstddef>
#include <optional>

namespace grapnel::smtpd {

class Allowance {
public:
    using Moment = std::chrono::steady_clock::time_point;
    using Duration = std::chrono::steady_clock::duration;

    // timeout: of one wait for the client. unlimited: nothing is counted. crowded: the server's
    // word, asked each time; may be absent.
    Allowance(Duration timeout, bool unlimited, const bool* crowded, Moment now)
        : timeout_(timeout), unlimited_(unlimited), crowded_(crowded), transaction_ended_(now)
    {
    }

    // One more of each. Where it is one too many: what is said before hanging up.
    std::optional<Answer> command();
    std::optional<Answer> transaction();
    std::size_t most_transactions() const;   // 0: any number
    std::optional<Answer> fault();   // what the client does wrong, not what our policy refuses

    // Until when the client is waited for: for a command, whose line began at line_begun if it has
    // begun; for text of a message.
    Moment command_deadline(Moment now, const std::optional<Moment>& line_begun) const;
    Moment text_deadline(Moment now, const Patience& patience) const;
    Duration timeout() const;   // of one wait
    void end_transaction(Moment now) { transaction_ended_ = now; }

private:
    bool crowded() const { return crowded_ && *crowded_; }

    Duration timeout_;
    bool unlimited_;
    const bool* crowded_;
    std::size_t commands_ = 0, transactions_ = 0, faults_ = 0;
    Moment transaction_ended_;
};

}
