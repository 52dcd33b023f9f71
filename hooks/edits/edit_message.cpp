#include "hooks/edits/edits.hpp"

namespace grapnel::hooks {

Result<> edit_message(Draft& draft, const Operation& operation)
{
    if (!draft.message) return permanent("no message");
    return draft.message->apply(operation, draft.rules);
}

}
