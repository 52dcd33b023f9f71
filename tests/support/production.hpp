// The installed form of the system, as root, without touching this machine: in a mount namespace of
// its own a home lies at the built-in place with the contract's owners, and /etc/passwd and
// /etc/group are ours.
#pragma once

#include "support/process.hpp"
#include "support/temp_home.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace grapnel::test {

class Production {
public:
    // Why it cannot be had here ("not root"), for GTEST_SKIP; nullopt: it can.
    static std::optional<std::string> unavailable();

    // Copies of these programs lie in bin/: other users must reach them wherever the build tree is.
    explicit Production(const std::vector<std::string>& programs);

    const std::string& path() const { return home_.path(); }
    std::string operator/(std::string_view name) const { return home_ / name; }

    // The users and groups of the contract are there; this adds one with his own group.
    struct User {
        std::string name;
        uid_t uid = 0;
        std::string home;
    };
    const User& add_user(const std::string& name, uid_t uid);   // home: made, his, 0755
    // A home is not made here; neither is it his unless somebody made it so.
    const User& add_account(const std::string& name, uid_t uid, const std::string& home);
    void forget_users();                          // those that were added
    static uid_t uid_of(std::string_view name);   // of the contract's users: "alias", "qmailq" …

    // The same launch, in the namespace; argv[0] without a slash is sought in the home's bin/.
    // No QMAILHOME: what is not said in launch.environment is only PATH.
    Launch inside(Launch launch) const;

private:
    void write_accounts() const;
    TempHome home_;
    std::vector<User> users_;
};

}
