// The settings of the Sender Rewriting Scheme: control/srs_domain, which turns it on, srs_secrets,
// srs_maxage, srs_hashlength, srs_hashmin, srs_alwaysrewrite, srs_separator.
#pragma once

#include "base/mail/srs.hpp"
#include "base/sys/control.hpp"

#include <optional>

namespace grapnel {

// nullopt: it is off. Throws system_error where a file cannot be read, or there is no secret.
std::optional<Srs> read_srs(const Control& control);

}
