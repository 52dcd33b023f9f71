#include "base/sys/account.hpp"

#include "base/sys/environment.hpp"
#include "base/sys/error.hpp"
#include "base/sys/program.hpp"
#include "build_config.hpp"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace grapnel {

namespace {

// Grows the buffer as the C library asks; what a lookup answers with errno 0, ENOENT and kin is
// "none".
template <class Entry, class Lookup>
bool look_up(Entry& entry, std::vector<char>& buffer, Lookup lookup)
{
    for (buffer.resize(2048);; buffer.resize(buffer.size() * 2)) {
        Entry* found = nullptr;
        const int error = lookup(&entry, buffer.data(), buffer.size(), &found);
        if (error == ERANGE && buffer.size() < 1024 * 1024) continue;
        if (found) return true;
        if (error == 0 || error == ENOENT || error == ESRCH || error == EBADF || error == EPERM)
            return false;
        throw_error(error, "unable to read the user database");
    }
}

std::optional<Account> account(bool found, const passwd& entry)
{
    if (!found) return std::nullopt;
    return Account{entry.pw_name, entry.pw_uid, entry.pw_gid, entry.pw_dir};
}

}

std::optional<Account> find_account(const std::string& name)
{
    passwd entry{};
    std::vector<char> buffer;
    const bool found =
        look_up(entry, buffer, [&](auto... rest) { return ::getpwnam_r(name.c_str(), rest...); });
    return account(found, entry);
}

std::optional<Account> find_account(uid_t uid)
{
    passwd entry{};
    std::vector<char> buffer;
    const bool found =
        look_up(entry, buffer, [&](auto... rest) { return ::getpwuid_r(uid, rest...); });
    return account(found, entry);
}

std::optional<gid_t> find_group(const std::string& name)
{
    group entry{};
    std::vector<char> buffer;
    const bool found =
        look_up(entry, buffer, [&](auto... rest) { return ::getgrnam_r(name.c_str(), rest...); });
    if (!found) return std::nullopt;
    return entry.gr_gid;
}

const char* role_name(Role role)
{
    switch (role) {
    case Role::alias:
        return build::users[0];
    case Role::daemon:
        return build::users[1];
    case Role::hooks:
        return "qmailh";
    case Role::log:
        return build::users[2];
    case Role::password:
        return build::users[4];
    case Role::queue:
        return build::users[5];
    case Role::remote:
        return build::users[6];
    case Role::send:
        return build::users[7];
    }
    return "";
}

namespace {

// As initgroups has them. The kernel takes no more than 65536.
std::vector<gid_t> all_groups(const Account& user, gid_t gid)
{
    std::vector<gid_t> groups(64);
    for (;;) {
        int count = static_cast<int>(groups.size());
        const bool fits = ::getgrouplist(user.name.c_str(), gid, groups.data(), &count) >= 0;
        groups.resize(static_cast<std::size_t>(std::max(count, 1)));
        if (fits) return groups;
        if (groups.size() > 65536) throw_error(E2BIG, "too many groups:", user.name);
    }
}

}

Identity role_identity(Role role)
{
    if (in_sandbox()) return {::geteuid(), ::getegid(), {::getegid()}};
    const bool queue_group = role == Role::queue || role == Role::remote || role == Role::send;
    const std::string group = queue_group ? build::queue_group : build::others_group;
    const auto user = find_account(std::string(role_name(role)));
    if (!user) throw Stop{111, std::string("fatal: unable to find user ") + role_name(role)};
    const auto gid = find_group(group);
    if (!gid) throw Stop{111, "fatal: unable to find group " + group};
    return {user->uid, *gid, role == Role::remote ? all_groups(*user, *gid) : std::vector{*gid}};
}

void become(const Identity& identity)
{
    if (in_sandbox()) return;
    if (::setgroups(identity.groups.size(), identity.groups.data()) != 0)
        throw_errno("unable to set groups");
    if (::setresgid(identity.gid, identity.gid, identity.gid) != 0)
        throw_errno("unable to set gid");
    if (::setresuid(identity.uid, identity.uid, identity.uid) != 0)
        throw_errno("unable to set uid");
    if (!is_exactly(identity) || (identity.uid != 0 && ::setuid(0) == 0))
        throw_error(EPERM, "privileges could be regained");
}

void become_if_root(Role role)
{
    if (::geteuid() == 0 && !in_sandbox()) become(role_identity(role));
}

}
