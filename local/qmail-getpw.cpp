// Which user of the system an address belongs to (contract 6.2): the name before one of its dashes,
// else alias. Sites replace it to have other rules.

#include "base/sys/account.hpp"
#include "base/sys/environment.hpp"
#include "base/sys/error.hpp"
#include "base/sys/file.hpp"
#include "base/sys/program.hpp"
#include "base/sys/row.hpp"
#include "base/text.hpp"
#include "build_config.hpp"
#include "local/exit_code.hpp"
#include "local/user_table.hpp"

#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace {

using namespace grapnel;
using local::User;

constexpr std::size_t longest_name = 31;

std::optional<Account> account(const std::string& name)
{
    try {
        return find_account(name);
    } catch (const std::system_error&) {
        throw Stop{local::exit_code::system};   // not an answer: never "no such user"
    }
}

bool owns_home(const Account& account)
{
    struct stat about {};
    if (::stat(account.home.c_str(), &about) == 0) return about.st_uid == account.uid;
    if (is_temporary(errno)) throw Stop{local::exit_code::home_unreachable};
    return false;
}

// In a sandbox there is one user: whoever runs it. root takes no mail there either.
bool may_have_mail(const Account& account)
{
    return account.uid != 0 && (!in_sandbox() || account.uid == ::geteuid());
}

std::optional<User> user_before(std::string_view local, std::size_t length)
{
    const auto found = account(lower(local.substr(0, length)));
    if (!found || !may_have_mail(*found) || !owns_home(*found)) return std::nullopt;
    const bool whole = length == local.size();
    return User{found->name, found->uid,       found->gid,
                found->home, whole ? "" : "-", whole ? "" : std::string(local.substr(length + 1))};
}

User alias(std::string_view local)
{
    if (in_sandbox())
        return {role_name(Role::alias), ::geteuid(), ::getegid(),
                home() + "/alias",      "-",         std::string(local)};
    const auto found = account(role_name(Role::alias));
    if (!found) throw Stop{local::exit_code::no_alias};
    return {found->name, found->uid, found->gid, found->home, "-", std::string(local)};
}

User find_user(std::string_view local)
{
    for (std::size_t length = local.size() + 1; length-- > 0;) {
        if (length > longest_name || (length < local.size() && local[length] != build::separator))
            continue;
        if (auto user = user_before(local, length)) return *user;
    }
    return alias(local);
}

}

int main(int argc, char** argv)
{
    return grapnel::run("", [&] {
        if (argc < 2) return 100;
        row::qmail_getpw();
        write_all(1, encode(find_user(argv[1])));
        return 0;
    });
}
