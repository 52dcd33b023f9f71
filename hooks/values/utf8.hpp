// UTF-8 for the hooks: base/mail has it.
#pragma once

#include "base/mail/utf8.hpp"

namespace grapnel::hooks {

using grapnel::is_utf8;
using grapnel::make_utf8;

}
