// A table of ours that does not hold what it should: whoever needs it is told to come later.
#pragma once

#include <stdexcept>

namespace grapnel::smtpd {

struct DamagedTable : std::runtime_error {
    using std::runtime_error::runtime_error;
};

}
