// Which user an address belongs to: the records of users/cdb, and of qmail-getpw, which has the
// same form (contract 6.2, qmail-users(5)). Pure: the table itself comes in as a function.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace grapnel::local {

struct User {
    std::string name;
    std::uint32_t uid = 0, gid = 0;
    std::string home, dash, extension;
    bool operator==(const User&) const = default;
};

// name NUL uid NUL gid NUL home NUL dash NUL extension NUL.
std::string encode(const User& user);
// A Failure where a field is missing or a number is none that a user can have. A uid that is no
// number at all counts as 0, which nobody delivers as.
Result<User> decode_user(std::string_view record);

// Data of a key of the table; nullopt: no such key.
using Find = std::function<std::optional<std::string>(std::string_view key)>;

// The whole address first, then its beginnings from long to short, of which only those are tried
// that end in a byte that some wildcard ends in. nullopt: the table does not know it. A Failure: it
// is no table of users.
Result<std::optional<User>> look_up(const Find& find, std::string_view local);

}
