// Whose mail an address is, asked of users/cdb and then of qmail-getpw. Runs in the home directory,
// as root in production. What was read or asked is not read or asked again unless it may have
// changed.
#pragma once

#include "base/sys/account.hpp"
#include "base/sys/cdb.hpp"
#include "base/sys/environment.hpp"
#include "base/sys/fd.hpp"
#include "base/sys/watched.hpp"
#include "local/answers.hpp"
#include "local/user_table.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::local {

// users/cdb, opened once and again when it has changed.
class UserTable {
public:
    explicit UserTable(std::string path) : file_(std::move(path)) {}
    void refresh();                                      // trouble is remembered for find()
    std::uint64_t edition() const { return edition_; }   // another one when it has changed
    // nullopt: not in it, or there is no table. Throws Stop with one of exit_code.hpp.
    std::optional<User> find(std::string_view local) const;

private:
    Watched file_;
    std::optional<CdbReader> table_;
    bool trouble_ = false;
    std::uint64_t edition_ = 0;
};

// qmail-getpw, and what it said. The process that forks for each delivery holds this; its children
// ask, each for itself, and tell it the answer for those that come after them.
class Getpw {
public:
    Getpw(const std::string& home, Identity identity, const Environment& environment);

    // In the parent, before each fork: takes in what children told, and forgets everything when
    // qmail-getpw or the files most answers come from have changed.
    void refresh();
    std::uint64_t edition() const { return answers_.edition(); }
    // In a child. Throws Stop with one of exit_code.hpp, or qmail-getpw's own exit code.
    User find(const std::string& local) const;

private:
    bool sources_changed();
    User ask(const std::string& local) const;
    void tell(const Answer& answer) const;

    Identity identity_;
    std::vector<std::string> environment_;
    std::array<Watched, 3> sources_;
    Answers answers_;
    Pipe told_;   // never blocks; what does not fit is asked again
};

}
