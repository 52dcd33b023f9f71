// `cmake --install` into a directory that then lies over the built-in home, with /etc/passwd and
// /etc/group of ours: all in the mount namespace of this process and what it starts.
#pragma once

#include "support/process.hpp"
#include "support/temp_home.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace grapnel::test {

class Installed {
public:
    // Why it cannot be had here, or "".
    static std::string unavailable();

    Installed();
    ~Installed();

    const std::string& path() const { return path_; }   // the built-in home
    std::string operator/(std::string_view name) const { return path_ + '/' + std::string(name); }
    void control(std::string_view name, std::string_view text) const;

    // Of the contract's users and "joe", an ordinary user with a Maildir.
    static uid_t uid(std::string_view name);
    static gid_t gid(std::string_view name);   // of a group: "qmail", "nofiles", "joe", and
                                               // "keys", which qmailr, qmails, qmailq are in, too
    std::string joe() const { return directory_ / "joe"; }

    // Runs argv (argv[0] of bin/) with a clean environment; as a user by name, else as root.
    Launch launch(std::vector<std::string> argv, std::string_view as = "") const;

private:
    TempDirectory directory_;
    std::string path_;
};

// "root:qmail 0755", with the numbers looked up in the namespace; "missing".
std::string ownership(const std::string& path);

}
