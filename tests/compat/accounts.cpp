#include "compat/accounts.hpp"

#include "base/sys/error.hpp"
#include "build_config.hpp"

#include <unistd.h>

#include <filesystem>

namespace grapnel::test {

namespace {

constexpr uid_t first_uid = 62001;

void note(Known& known, const std::string& name, uid_t uid, gid_t gid, const std::string& home)
{
    known["UID:" + name] = std::to_string(uid);
    known["GID:" + name] = std::to_string(gid);
    known["HOME:" + name] = home;
}

}

Known make_accounts(Production& production, const Recorded& block)
{
    Known known{{"QMAIL", build::home}};
    note(known, "alias", Production::uid_of("alias"), gid_of_alias,
         std::string(build::home) + "/alias");
    production.forget_users();
    uid_t next = first_uid;
    for (const auto& [name, state] : block.pairs("account")) {
        const uid_t uid = state == "root" ? 0 : next++;
        const std::string home = production / ("home/" + name);
        std::filesystem::remove_all(home);
        if (state == "nohome")
            production.add_account(name, uid, home);
        else
            production.add_user(name, uid);
        if (state == "wrongowner" && ::chown(home.c_str(), 0, 0) != 0) throw_errno("chown", home);
        note(known, name, uid, uid, home);
    }
    return known;
}

}
