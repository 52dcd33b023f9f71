// The edits that editable.cpp's table is made of; each checks what it is given (mta-hooks 10.2, 11,
// 13.3). The path is known to fit.
#pragma once

#include "hooks/edits/draft.hpp"

#include <vector>

namespace grapnel::hooks {

Result<> edit_response(Draft& draft, const Operation& operation);

Result<> edit_sender(Draft& draft, const Operation& operation);
Result<> add_recipient(Draft& draft, const Operation& operation);
Result<> edit_recipient(Draft& draft, const Operation& operation);
Result<> delete_recipient(Draft& draft, const Operation& operation);
Result<> replace_recipients(Draft& draft, const Operation& operation);

Result<> edit_status(Draft& draft, const Operation& operation);
Result<> edit_next_attempt(Draft& draft, const Operation& operation);
Result<> edit_next_dsn(Draft& draft, const Operation& operation);
// When all edits are in: times of recipients that are not deferred go back to what they were.
std::vector<FailedEdit> settle_times(Draft& draft, const Facts& before);

Result<> edit_message(Draft& draft, const Operation& operation);

}
