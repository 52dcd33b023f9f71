// What may be edited at which stage (mta-hooks 9.2): one table. A path that is not in it cannot
// have an effect.
#pragma once

#include "hooks/edits/draft.hpp"

#include <string>

namespace grapnel::hooks {

// A Failure is a failed modification: the draft is as before, its text is the reason, without any
// value.
using Edit = Result<> (*)(Draft& draft, const Operation& operation);

// nullptr: that operation has no effect at that stage.
Edit editable(Stage stage, const Operation& operation);

}
