// Lines of a password file become lines of users/assign (qmail-users(5)): what qmail-pw2u does.
// Pure.
#pragma once

#include "base/result.hpp"
#include "build_config.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::local {

struct PasswdEntry {
    std::string name, uid_text, gid_text, home;
    std::uint64_t uid = 0;
    std::string fields() const;   // ":NAME:UID:GID:HOME:"
};
// nullopt: fewer fields than a password file has, or a NUL.
std::optional<PasswdEntry> parse_passwd_line(std::string_view line);

struct AssignStyle {
    std::optional<char> separator =
        build::separator;          // between user and extension; none: no extensions
    bool in_directories = false;   // .qmail files are .qmail/… instead of .qmail-…
    const char* dash() const { return in_directories ? "-/:" : "-:"; }
};

// "=joe:…" and "+joe-:…" for each of these names; and before, where the user is alias, "+:…" for
// addresses that nobody has. names: joined by colons.
std::string assign_lines(const PasswdEntry& user, std::string_view names, const AssignStyle& style);

// A line SUBUSER:USER:EXTENSION: of users/subusers; "" where it lacks a colon. users: fields() by
// lower-case name. Fails where there is no such user.
Result<std::string> subuser_lines(std::string_view line,
                                  const std::map<std::string, std::string>& users,
                                  const AssignStyle& style);

}
