#include "hooks/edits/action_reply.hpp"

#include "base/text.hpp"
#include "hooks/policy_decision.hpp"

#include <algorithm>
#include <utility>

namespace grapnel::hooks {

namespace {

constexpr std::size_t longest_text = 450;

// "5.7.1", of the class of the code.
bool is_enhanced(std::string_view text, int code)
{
    const auto parts = split(text, '.');
    const auto is_number = [](std::string_view part) {
        return !part.empty() && part.size() <= 3 && std::all_of(part.begin(), part.end(), is_digit);
    };
    return parts.size() == 3 && parts[0] == std::to_string(code / 100) && is_number(parts[1]) &&
           is_number(parts[2]);
}

std::string enhanced_for(int code, const std::optional<std::string>& chosen)
{
    if (chosen && is_enhanced(*chosen, code)) return *chosen;
    return std::to_string(code / 100) + (code < 400 ? ".0.0" : ".7.1");
}

Response default_refusal(Stage stage, Action action)
{
    if (action == Action::disconnect) return {421, "4.7.0", "Rejected by policy"};
    return {stage == Stage::connect ? 554 : 550, "5.7.1", "Rejected by policy"};
}

bool may_have(Action action, int code)
{
    if (action == Action::disconnect) return code == 421 || (code >= 500 && code <= 599);
    return code >= 400 && code <= 599;
}

// At connect there are two ways to say no (RFC 5321 3.1).
int code_at(Stage stage, int code)
{
    if (stage != Stage::connect || code == 421) return code;
    return code < 500 ? 421 : 554;
}

ActionReply refusal_for(Stage stage, Action action, const ChosenReply& chosen)
{
    const auto standard = default_refusal(stage, action);
    if (chosen.code && !may_have(action, *chosen.code))
        return {action, standard, "the code is of another class than the action"};
    const int code = code_at(stage, chosen.code.value_or(standard.code));
    auto response = standard;
    if (chosen.code || chosen.enhanced)
        response = {code, enhanced_for(code, chosen.enhanced), standard.message};
    if (chosen.message && !chosen.message->empty()) response.message = *chosen.message;
    return {code == 421 ? Action::disconnect : action, response, {}};
}

// accept, quarantine, discard: a client is to see no difference, only the text may be another.
ActionReply success_for(Stage stage, Action action, const ChosenReply& chosen,
                        const std::optional<Response>& own)
{
    if (!chosen.any()) return {action, own, {}};
    const int code = stage == Stage::connect ? 220 : 250;
    if (chosen.code && *chosen.code != code)
        return {action, own, "the code is of another class than the action"};
    auto response = own.value_or(Response{code, {}, {}});
    if (chosen.enhanced) response.enhanced = enhanced_for(code, chosen.enhanced);
    if (chosen.message) response.message = *chosen.message;
    return {action, response, {}};
}

}

ActionReply reply_for(Stage stage, Action action, const ChosenReply& chosen,
                      const std::optional<Response>& own)
{
    if (direction(action) == Direction::outbound) return {action, own, {}};
    const bool refuses = action == Action::reject || action == Action::disconnect;
    return refuses ? refusal_for(stage, action, chosen) : success_for(stage, action, chosen, own);
}

Result<std::string> reply_text(std::string_view text)
{
    if (std::any_of(text.begin(), text.end(), [](char c) { return c < 32 || c > 126; }))
        return permanent("the text is not printable ASCII");
    return std::string(text.substr(0, longest_text));
}

ActionReply refusal(Stage stage, Refusal kind)
{
    if (kind == Refusal::too_large)
        return refusal_for(stage, Action::reject,
                           {552, "5.3.4", "Message is larger than what can be checked"});
    const auto policy = kind == Refusal::later ? Policy::tempfail : Policy::reject;
    auto decision = decide_by(policy, stage, Action::accept);   // as where nobody can be asked
    return {decision.action, std::move(decision.response), {}};
}

}
