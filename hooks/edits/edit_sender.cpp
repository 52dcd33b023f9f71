#include "hooks/edits/dsn_parameters.hpp"
#include "hooks/edits/edits.hpp"
#include "hooks/edits/given_address.hpp"
#include "hooks/values/mailbox.hpp"

namespace grapnel::hooks {

Result<> edit_sender(Draft& draft, const Operation& operation)
{
    if (!draft.facts.envelope) return permanent("no envelope");
    auto& from = draft.facts.envelope->from;
    auto given = edit_address(from.address, from.parameters, operation, 2);
    if (!given) return given.error();
    const bool changed = given->address && *given->address != from.address;
    const bool empty = given->address && given->address->empty();   // no sender is null
    if (empty || (changed && !is_mailbox(*given->address, draft.facts.smtputf8)))
        return permanent("no mailbox");
    const auto fine = check_parameters(from.parameters, *given->parameters, ParameterPlace::sender);
    if (!fine) return fine;
    from = {given->address.value_or(""), std::move(*given->parameters)};
    return {};
}

}
