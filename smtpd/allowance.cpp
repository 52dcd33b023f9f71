#include "smtpd/allowance.hpp"

#include <algorithm>

namespace grapnel::smtpd {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_commands = 10000, transaction_limit = 100, most_faults = 20,
                      most_faults_crowded = 2;
constexpr std::chrono::seconds session_limit = 2h,   // since the last finished transaction
    line_limit = 5min, crowded_limit = 10s;

Answer last_words(const char* text) { return Answer(421, "4.7.0", text).and_hang_up(); }

}

std::optional<Answer> Allowance::command()
{
    if (unlimited_ || ++commands_ <= most_commands) return std::nullopt;
    return last_words("too many commands (#4.7.0)");
}

std::optional<Answer> Allowance::transaction()
{
    if (unlimited_ || ++transactions_ <= transaction_limit) return std::nullopt;
    return last_words("too many messages in one session (#4.7.0)");
}

std::size_t Allowance::most_transactions() const { return unlimited_ ? 0 : transaction_limit; }

std::optional<Answer> Allowance::fault()
{
    if (unlimited_ || ++faults_ < (crowded() ? most_faults_crowded : most_faults))
        return std::nullopt;
    return last_words("too many errors (#4.7.0)");
}

Allowance::Duration Allowance::timeout() const
{
    return crowded() ? std::min<Duration>(timeout_, crowded_limit) : timeout_;
}

Allowance::Moment Allowance::command_deadline(Moment now,
                                              const std::optional<Moment>& line_begun) const
{
    auto deadline = std::min<Moment>(now + timeout(), transaction_ended_ + session_limit);
    if (line_begun) deadline = std::min<Moment>(deadline, *line_begun + line_limit);
    return deadline;
}

Allowance::Moment Allowance::text_deadline(Moment now, const Patience& patience) const
{
    const auto wait = std::min<Duration>(timeout(), patience.left());
    return std::min<Moment>(now + wait, transaction_ended_ + session_limit);
}

}
