// What a caller of sendmail wants, in the words of the sendmail of old, as far as callers still say
// them. sendmail(8). Pure.
#pragma once

#include "base/result.hpp"

#include <optional>
#include <string>
#include <vector>

namespace grapnel::inject {

struct SendmailOptions {
    enum class Action { inject, smtp, print_queue, new_aliases, nothing };
    Action action = Action::inject;
    bool recipients_from_header = false;   // -t: and from the arguments
    std::optional<std::string> sender, full_name;
    std::optional<std::string> notify, ret, envelope_id;
    std::vector<std::string> recipients;
};

// The failure's text is the whole message for descriptor 2.
Result<SendmailOptions> read_sendmail_options(const std::vector<std::string>& words);

}
