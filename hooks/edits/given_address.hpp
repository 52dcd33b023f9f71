// An EnvelopeAddress as a scanner gives it, and what an operation makes of one
// (mta-hooks 7.2, 11.4). Pure.
#pragma once

#include "base/result.hpp"
#include "hooks/facts.hpp"
#include "hooks/values/operation.hpp"

#include <optional>
#include <string>

namespace grapnel::hooks {

struct GivenAddress {
    std::optional<std::string> address = {};   // nullopt: null
    std::optional<EsmtpParameters> parameters = {};
};

Result<GivenAddress> read_address(const boost::json::value& value);

// An operation whose path leads to that address (then `depth` tokens long) or into it. Parameters
// are always there afterwards: an edit of the whole that gives none keeps them.
Result<GivenAddress> edit_address(const std::string& address, const EsmtpParameters& parameters,
                                  const Operation& operation, std::size_t depth);

}
