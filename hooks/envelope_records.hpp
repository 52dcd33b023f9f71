// ESMTP parameters that the queue carries on, and the extension records in which it does (RFC
// 3461, 7293). Pure.
#pragma once

#include "base/mail/extension.hpp"
#include "hooks/facts.hpp"

namespace grapnel::hooks {

// RET, ENVID, NOTIFY, ORCPT and RRVS become what is said here: one that is not there is removed.
void set_records(Extensions& records, const EsmtpParameters& parameters);
EsmtpParameters parameters_of(const Extensions& records);

}
