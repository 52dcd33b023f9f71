// One call as a client sees it: what comes from qmail-hookd becomes answers to it, and at last the
// decision. Knows no sockets, so that both clients use it.
#pragma once

#include "hooks/wire/wire.hpp"

#include <optional>
#include <string>
#include <vector>

namespace grapnel::hooks {

struct Step {
    std::string answer = {};   // to be sent, and the call goes on
    std::optional<Decision> decision = {};
};

// A whole frame, and the descriptors that came beside it. A Failure: qmail-hookd is not to be
// believed, or has refused; its text is for the log.
Result<Step> take_frame(std::string_view frame, std::vector<Fd> descriptors,
                        const AddPolicy& may_add);

// What a decision says must be fit to be carried out at that stage. Empty: it is.
std::string trouble_with(const Decision& decision, const Facts& facts);

// A message that came: a whole file of that size, and not one that another may shorten while it is
// mapped. Empty: it is; else why not.
std::string trouble_with(int descriptor, std::uint64_t size);

}
