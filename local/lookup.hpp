// Whose mail an address is, asked of users/cdb and then of qmail-getpw. Runs in the home directory,
// as root in production.
#pragma once

#include "base/sys/account.hpp"
#include "base/sys/cdb.hpp"
#include "base/sys/environment.hpp"
#include "local/user_table.hpp"

#include <sys/stat.h>

#include <optional>
#include <string>

namespace grapnel::local {

// users/cdb, opened once and again when it has changed.
class UserTable {
public:
    explicit UserTable(std::string path);
    void refresh();   // trouble is remembered for find()
    // nullopt: not in it, or there is no table. Throws Stop with one of exit_code.hpp.
    std::optional<User> find(std::string_view local) const;

private:
    std::string path_;
    std::optional<struct stat> seen_;
    std::optional<CdbReader> table_;
    bool trouble_ = false;
};

// Runs bin/qmail-getpw. Throws Stop with one of exit_code.hpp, or its own exit code.
User ask_getpw(const std::string& local, const Identity& identity, const Environment& environment);

}
