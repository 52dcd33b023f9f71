// The ESMTP parameters of RFC 3461, which are all that scanners may change (mta-hooks 11.4). Pure.
#pragma once

#include "base/result.hpp"
#include "hooks/facts.hpp"

namespace grapnel::hooks {

enum class ParameterPlace { sender, recipient };   // RET and ENVID; NOTIFY and ORCPT

// Whether `changed` may stand where `old` did. Keywords in upper case in both.
Result<> check_parameters(const EsmtpParameters& old, const EsmtpParameters& changed,
                          ParameterPlace place);

}
