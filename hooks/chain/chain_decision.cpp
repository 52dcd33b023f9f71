#include "hooks/chain/chain_decision.hpp"

#include "base/sys/log.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace grapnel::hooks {

namespace {

constexpr std::size_t longest_reason = 200;

std::uint64_t size_of(const Fd& file)
{
    struct stat about = {};
    if (::fstat(file.get(), &about) != 0) throw std::system_error(errno, std::system_category());
    return static_cast<std::uint64_t>(about.st_size);
}

void write_to(Decision& decision, const std::optional<Message>& message, const std::string& spool)
{
    if (!message || !message->changed() || message->suppressed()) return;
    decision.message = message->write(spool);
    decision.size = size_of(decision.message);
}

bool waits(DeliveryStatus status)
{
    return status == DeliveryStatus::pending || status == DeliveryStatus::deferred;
}

// What differs; the times only where there is something to wait for.
RecipientChange change_of(std::size_t index, const DeliveryFacts& then, const DeliveryFacts& now)
{
    RecipientChange change;
    change.index = index;
    if (now.status != then.status) change.status = now.status;
    if (now.status != DeliveryStatus::deferred) return change;
    if (now.next_attempt_at != then.next_attempt_at) change.next_attempt_at = now.next_attempt_at;
    if (now.next_dsn_at != then.next_dsn_at) change.next_dsn_at = now.next_dsn_at.value_or(0);
    return change;
}

Facts outbound_action(Facts facts)
{
    if (direction(facts.stage) == Direction::outbound &&
        direction(facts.action) == Direction::inbound)
        facts.action = Action::proceed;
    return facts;
}

}

Course::Course(Facts at_first, std::optional<Message> content)
    : before(outbound_action(std::move(at_first))), facts(before), message(std::move(content))
{
}

void Course::decide(const std::string& name, const std::string& why, std::string for_log)
{
    scanner = name;
    reason = printable(why, longest_reason);
    cause = std::move(for_log);
}

void Course::take(const std::string& name, Applied&& applied)
{
    const bool other = applied.facts.action != facts.action;
    // Outbound an edit decides as much as an action does: qmail-send's log says whose it was.
    const bool is_changed = applied.message && applied.message->changed();
    const bool was_changed = message && message->changed();
    if (direction(facts.stage) == Direction::outbound &&
        (applied.facts.envelope != facts.envelope || is_changed != was_changed))
        scanner = name;
    facts = std::move(applied.facts);
    message = std::move(applied.message);
    const bool suppressed = message && message->suppressed();
    ended = is_terminal(facts.action) || suppressed;
    if (!other && !suppressed) return;
    auto word =
        !applied.why.empty() ? applied.why : std::string(suppressed ? "suppressed" : "verdict");
    decide(name, applied.said && applied.why.empty() ? *applied.said : word, word);
}

void Course::refuse(Refusal kind)
{
    auto reply = refusal(facts.stage, kind);
    facts.action = reply.action;
    facts.response = std::move(reply.response);
    ended = true;
}

void Course::follow(Policy policy, CallEnding kind, const std::string& name, const std::string& why)
{
    const bool outbound = direction(facts.stage) == Direction::outbound;
    if (outbound)
        policy = policy == Policy::tempfail && facts.stage == Stage::dsn ? policy : Policy::accept;
    if (policy == Policy::accept) return;
    if (policy == Policy::quarantine) {
        if (facts.action != Action::accept) return;
        facts.action = Action::quarantine;
    } else if (outbound) {
        ask_again = ended = true;
    } else if (policy == Policy::tempfail) {
        refuse(Refusal::later);
    } else {
        refuse(kind == CallEnding::oversize ? Refusal::too_large : Refusal::by_policy);
    }
    auto words = std::string(hooks::name(kind));
    if (!why.empty() && why != words) words += ": " + why;
    decide(name, words, words);
}

Decision Course::inbound_decision() const
{
    Decision decision;
    const bool refuses = facts.action == Action::reject || facts.action == Action::disconnect;
    if (refuses || facts.response != before.response) decision.response = facts.response;
    if (is_terminal(facts.action) || !facts.envelope || !before.envelope) return decision;
    if (facts.envelope->from != before.envelope->from) decision.from = facts.envelope->from;
    if (facts.envelope->to != before.envelope->to) decision.to = facts.envelope->to;
    return decision;
}

Decision Course::outbound_decision() const
{
    Decision decision;
    const bool cancelled = facts.action == Action::cancel;
    decision.ask_again = ask_again;
    decision.suppressed = facts.stage == Stage::dsn && !ask_again &&
                          (cancelled || (message && message->suppressed()));
    if (facts.stage == Stage::dsn || !facts.envelope) return decision;
    for (std::size_t n = 0; n < facts.envelope->to.size(); ++n) {
        const auto& then = before.envelope->to[n].delivery;
        auto now = facts.envelope->to[n].delivery;
        if (!then || !now) continue;
        if (cancelled && waits(now->status)) now->status = DeliveryStatus::failed_silent;   // C64
        const auto change = change_of(n, *then, *now);
        if (change != RecipientChange{n}) decision.recipients.push_back(change);
    }
    return decision;
}

Decision Course::decision(const std::string& spool) const
{
    const bool inbound = direction(facts.stage) == Direction::inbound;
    auto decision = inbound ? inbound_decision() : outbound_decision();
    decision.action = facts.action;
    decision.scanner = scanner;
    decision.reason = reason;
    if (!is_terminal(facts.action) && !ask_again) write_to(decision, message, spool);
    return decision;
}

Decision Course::not_stored() const
{
    Decision decision;
    decision.action = before.action;
    decision.reason = "the changed message could not be written";
    if (direction(facts.stage) == Direction::outbound) return decision;
    decision.action = Action::reject;
    decision.response = Response{451, "4.3.0", "Message cannot be stored now, try again later"};
    return decision;
}

}
