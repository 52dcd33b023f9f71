// User and group names become numbers, and a process becomes a user, for good.
#pragma once

#include "base/sys/identity.hpp"

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace grapnel {

struct Account {
    std::string name;
    uid_t uid = 0;
    gid_t gid = 0;
    std::string home;
};

// nullopt: no such user. Throws system_error where the answer could not be had (try later).
std::optional<Account> find_account(const std::string& name);
std::optional<Account> find_account(uid_t uid);
std::optional<gid_t> find_group(const std::string& name);

// The users of the contract (conf-users), one for each duty.
enum class Role { alias, daemon, hooks, log, password, queue, remote, send };
const char* role_name(Role role);   // "alias", "qmaild", …

// Uid, gid and groups of a role; qmailr, who runs what sites put in front of qmail-remote, has all
// groups he is in, as with the originals; the others one. In a sandbox our own. Throws Stop(111)
// "unable to find user NAME" as the originals say it.
Identity role_identity(Role role);

// setgroups, setgid, setuid, then makes sure that all three are so and that there is no way back.
// Throws. In a sandbox: nothing.
void become(const Identity& identity);

// A daemon that was started by root himself, instead of by qmail-start.
void become_if_root(Role role);

}
