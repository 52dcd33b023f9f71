// Edits of a JSON tree by JSON Pointer: set, add and delete as mta-hooks C41 has them, which agree
// with JSON Patch where they touch; move, copy and test as JSON Patch (RFC 6902). Knows nothing of
// what a tree means. Pure.
#pragma once

#include "base/result.hpp"
#include "hooks/values/operation.hpp"

#include <boost/json/value.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace grapnel::hooks {

// tree is where the first `depth` tokens of the paths have led already. A Failure leaves it as it
// was; its text holds nothing of the operation.
Result<> apply(boost::json::value& tree, const Operation& operation, std::size_t depth = 0);

struct FailedOperation {
    std::size_t number = 0;   // in the list
    std::string reason = {};
};

// atomic: the tree is as before where there is a failure, which is the only one returned.
std::vector<FailedOperation> apply(boost::json::value& tree,
                                   const std::vector<Operation>& operations, ApplyMode mode);

}
