// Lists of addresses in header fields (RFC 5322 3.4, its obsolete forms, and what is worse), as
// JMAP has them (RFC 8621 4.1.2.3): read with tolerance, written strictly. Pure.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::hooks {

struct Mailbox {
    std::optional<std::string> name = {};   // display name, or a comment in its place
    std::string email = {};                 // as it stands there, right or not
    bool operator==(const Mailbox&) const = default;
};
struct MailboxGroup {
    std::optional<std::string> name = {};   // nullopt: mailboxes that are in no group
    std::vector<Mailbox> mailboxes = {};
};

// At most 10,000 mailboxes and groups; UTF-8.
std::vector<MailboxGroup> parse_groups(std::string_view value);
std::vector<Mailbox> parse_mailboxes(std::string_view value);   // whatever group they are in

// "display" <address>, …; folded with LF between them. column: where it begins.
Result<std::string> write_mailboxes(const std::vector<Mailbox>& mailboxes, bool smtputf8,
                                    std::size_t column);

}
