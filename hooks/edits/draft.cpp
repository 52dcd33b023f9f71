#include "hooks/edits/draft.hpp"

#include <cstdint>
#include <utility>

namespace grapnel::hooks {

namespace {

// C57: what an edit may add to what we accept over SMTP.
constexpr std::uint64_t allowance = 1024 * 1024;

MessageRules rules_for(const Facts& facts)
{
    const auto limit = facts.message_limit;
    const bool bounded = limit > 0 && limit < UINT64_MAX - allowance;
    return {facts.smtputf8, bounded ? limit + allowance : UINT64_MAX, facts.stage == Stage::dsn};
}

}

Draft::Draft(Facts before, std::optional<Message> content, bool relays)
    : facts(std::move(before)),
      message(std::move(content)),
      rules(rules_for(facts)),
      relay_recipients(relays)
{
    if (message) message->begin_response();
}

}
