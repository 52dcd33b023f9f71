// An envelope address as the queue holds it: unquoted, split at its last "@". RFC 5321 4.1.2. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace grapnel {

inline constexpr std::size_t longest_address = 1002;   // bytes that qmail-queue takes

struct AddressParts {
    std::string_view local;
    std::string_view domain;   // empty without "@"
    bool has_at = false;
};
AddressParts split_address(std::string_view address);   // views into address

// The local part as it must stand in SMTP or a header: in double quotes where it is no dot-string.
std::string quote_local(std::string_view local);
std::string quote_address(std::string_view address);

// Double quotes removed, backslash takes the next byte as it is: what SMTP input becomes for the
// queue.
std::string unquote(std::string_view text);

}
