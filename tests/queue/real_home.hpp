// The installed form on a machine that has none: a home with the contract's owners, modes and
// setuid bit, seen at the built-in place by programs started in a mount namespace of their own.
#pragma once

#include "support/temp_home.hpp"

#include <map>
#include <string>
#include <vector>

namespace grapnel::test {

class RealHome {
public:
    RealHome();

    const TempHome& home() const { return home_; }
    // Arguments that, put before a program, run it there as that user: alias, qmaild …, root, joe.
    std::vector<std::string> as(const std::string& user) const;
    void install(const std::string& program);   // a copy, for who cannot look into the build
    unsigned uid(const std::string& user) const { return uids_.at(user); }

    static std::string why_not();   // "" where it can be done: a reason to skip a test otherwise

private:
    void own(const std::string& path, const std::string& user, unsigned mode) const;
    TempHome home_;
    std::map<std::string, unsigned> uids_;
};

}
