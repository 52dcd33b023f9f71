// Since when mailboxes belong to whoever has them now, where somebody else had them before
// (control/ownersince). An address that is not listed has had one owner for as long as it is there.
// RFC 7293 5 and 9. Pure.
#pragma once

#include "base/mail/name_table.hpp"

#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel {

enum class Owner {
    same,
    another,          // of the mailbox
    another_domain,   // of its whole domain
    unknown           // nobody has written it down
};
struct OwnerWords {
    std::string_view status, text;   // for all but `same`
};
OwnerWords words_of(Owner owner);

class Owners {
public:
    // "ADDRESS:DATE" or "@DOMAIN:DATE"; a date that is none: nobody knows it.
    explicit Owners(const std::vector<std::string>& lines, char break_sign = '-')
        : dates_(lines), break_(break_sign)
    {
    }

    // Has it been his at all times since then? joe-lists@here is joe@here's, unless it is listed
    // itself. Role accounts are nobody's own (RFC 2142).
    Owner of(std::string_view address, std::time_t since) const;

private:
    const std::string* find_mailbox(std::string_view address) const;

    NameMap dates_;
    char break_;
};

// "2024-05-01", or with the time as RFC 3339 has it.
std::optional<std::time_t> parse_owner_date(std::string_view text);
bool is_role_account(std::string_view address);

// The fault of a line of control/ownersince, as a sentence's end; empty: none.
std::string owner_line_fault(std::string_view line);

}
