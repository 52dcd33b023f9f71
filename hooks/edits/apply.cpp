#include "hooks/edits/apply.hpp"

#include "base/net/loop.hpp"
#include "hooks/edits/editable.hpp"
#include "hooks/edits/edits.hpp"
#include "hooks/values/mailbox.hpp"
#include "hooks/values/typed_value.hpp"

#include <algorithm>

namespace grapnel::hooks {

namespace {

using net::SteadyClock;

constexpr std::size_t most_questions = 1000;
constexpr std::chrono::milliseconds turn{10};   // then others have theirs

bool is_at(const Operation& operation, std::string_view name)
{
    return operation.path.size() == 1 && operation.path[0] == name;
}

bool is_below(const Operation& operation, std::string_view name)
{
    return operation.path.size() > 0 && operation.path[0] == name;
}

bool in_scope(const Operation& operation, const std::vector<Pointer>& may_change)
{
    return covered(operation.path, may_change) &&
           (!operation.from || covered(*operation.from, may_change));
}

bool is_allowed(const std::optional<Action>& action, const Agreement& agreement, Stage stage)
{
    return action && direction(*action) == direction(stage) &&
           std::find(agreement.actions.begin(), agreement.actions.end(), *action) !=
               agreement.actions.end();
}

std::optional<Action> action_of(const Operation& operation)
{
    const auto word = as_text(operation.value);
    return word && !operation.bytes ? action_named(*word) : std::nullopt;
}

// C42, C46: why nothing of it counts; empty: it does.
std::string fault(const std::vector<Operation>& operations, const Agreement& agreement, Stage stage)
{
    const auto& may_change = direction(stage) == Direction::inbound ? agreement.may_change
                                                                    : agreement.may_change_outbound;
    for (const auto& operation : operations) {
        if (!in_scope(operation, may_change)) return "it may not change " + operation.path.text();
        if (!is_at(operation, "action")) continue;
        if (operation.kind == OperationKind::remove) return "the action is deleted";
        if (!is_allowed(action_of(operation), agreement, stage)) return "no action it may ask for";
    }
    return {};
}

// Only the last one counts.
Action final_action(const std::vector<Operation>& operations, Action before)
{
    for (const auto& operation : operations)
        if (is_at(operation, "action") && !operation.index)
            before = action_of(operation).value_or(before);
    return before;
}

// C56; and what is to be refused or dropped need not be edited, but before a cancel the status of
// recipients does count.
bool is_relevant(const Operation& operation, Action action, bool raw)
{
    if (raw && is_below(operation, "message")) return false;
    if (!is_terminal(action) || action == Action::cancel) return true;
    return is_below(operation, "action") || is_below(operation, "response");
}

net::asio::awaitable<void> ask(Draft& draft, const AnswerRules& rules)
{
    const auto questions = std::move(draft.questions);
    draft.questions.clear();
    for (const auto& address : questions) {
        auto answer = AddAnswer::no;
        if (rules.may_add && draft.answers.size() < most_questions &&
            SteadyClock::now() < rules.deadline)
            answer = co_await rules.may_add(address);
        draft.answers.emplace(mailbox_key(address), answer);
    }
}

Result<> edit(Draft& draft, const Operation& operation)
{
    const auto change = editable(draft.facts.stage, operation);
    if (!change) return permanent("not to be edited at this stage");
    if (operation.bytes && !is_at(operation, "rawMessage")) return permanent("bytes where text is");
    return change(draft, operation);
}

// Where nobody is left, the message goes nowhere (C59; at rcpt, 11.4).
bool lost_all(const Draft& draft, const Facts& before)
{
    if (draft.current_deleted) return true;
    return before.stage == Stage::data && before.envelope && !before.envelope->to.empty() &&
           draft.facts.envelope->to.empty();
}

void finish(Draft& draft, const Facts& before, Action action, Applied& result)
{
    auto late = settle_times(draft, before);
    auto reply = reply_for(before.stage, action, draft.reply, before.response);
    if (reply.problem.empty())
        result.said = draft.reply.message;
    else
        late.push_back({"/response", reply.problem});
    result.applied -= std::min(result.applied, late.size());
    result.failed.insert(result.failed.end(), late.begin(), late.end());
    draft.facts.action = reply.action;
    draft.facts.response = std::move(reply.response);
    if (!is_terminal(reply.action) && lost_all(draft, before)) {
        draft.facts.action = Action::discard;
        result.why = before.stage == Stage::rcpt ? "recipient deleted" : "no recipients left";
    }
}

}

net::asio::awaitable<Applied> apply_answer(std::vector<Operation> operations, AnswerRules rules,
                                           Facts facts, std::optional<Message> message)
{
    Applied result;
    result.why = fault(operations, *rules.agreement, facts.stage);
    if (!result.why.empty()) co_return result;
    const auto action = final_action(operations, facts.action);
    if (action < facts.action && direction(action) == Direction::inbound && !rules.may_downgrade) {
        result.verdict = Applied::Verdict::downgrade;
        co_return result;
    }

    Draft draft(facts, std::move(message), rules.relay_recipients);
    const bool raw = std::any_of(operations.begin(), operations.end(),
                                 [](const Operation& one) { return is_below(one, "rawMessage"); });
    auto began = SteadyClock::now();
    for (const auto& operation : operations) {
        if (!is_relevant(operation, action, raw)) continue;
        auto done = edit(draft, operation);
        if (!draft.questions.empty()) {
            co_await ask(draft, rules);
            done = edit(draft, operation);
        }
        if (done)
            ++result.applied;
        else
            result.failed.push_back({operation.path.text(), done.error().text});
        if (SteadyClock::now() - began < turn) continue;
        co_await net::yield_turn();
        began = SteadyClock::now();
        if (began < rules.deadline) continue;
        result.verdict = Applied::Verdict::too_slow;
        co_return result;
    }
    finish(draft, facts, action, result);
    result.verdict = Applied::Verdict::done;
    result.facts = std::move(draft.facts);
    result.message = std::move(draft.message);
    co_return result;
}

}
