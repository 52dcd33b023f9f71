#include "hooks/policy_decision.hpp"

#include <algorithm>

namespace grapnel::hooks {

namespace {

Decision refusal(Stage stage, Policy policy)
{
    Decision decision;
    const bool at_connect = stage == Stage::connect;
    decision.action = Action::reject;
    if (policy == Policy::reject) {
        decision.response = Response{at_connect ? 554 : 550, "5.7.1", "Rejected by policy"};
        return decision;
    }
    // There is no 451 instead of a greeting.
    if (at_connect) decision.action = Action::disconnect;
    decision.response =
        Response{at_connect ? 421 : 451, "4.7.1", "Checking is not possible now, try again later"};
    return decision;
}

}

Decision decide_by(Policy policy, Stage stage, Action so_far)
{
    Decision decision;
    decision.action = so_far;
    if (direction(stage) == Direction::outbound) {
        decision.ask_again = policy != Policy::accept && stage == Stage::dsn;
        return decision;
    }
    if (policy == Policy::accept) return decision;
    if (policy != Policy::quarantine) return refusal(stage, policy);
    decision.action = std::max(so_far, Action::quarantine);
    return decision;
}

}
