// What happens at a stage when no verdict could be had (mta-hooks C67, 12): the policy as a
// decision. Pure.
#pragma once

#include "hooks/decision.hpp"
#include "hooks/subscriptions.hpp"

namespace grapnel::hooks {

// so_far: the action that counts if nobody objects. The text of a refusal says nothing about why.
Decision decide_by(Policy policy, Stage stage, Action so_far);

}
