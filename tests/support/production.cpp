#include "support/production.hpp"

#include "base/sys/error.hpp"
#include "base/sys/file.hpp"
#include "build_config.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

namespace grapnel::test {

namespace fs = std::filesystem;

namespace {

constexpr uid_t first_uid = 61001;
constexpr gid_t nofiles = 61001, qmail = 61002;
constexpr std::string_view roles[] = {"alias",  "qmaild", "qmaill", "qmailp",
                                      "qmailq", "qmailr", "qmails"};

// Arguments: home, built-in home, program and its arguments. The home is reachable at /mnt while
// /var is covered.
constexpr char enter[] = R"sh(home=$1 place=$2; shift 2
mount --bind "$home" /mnt && mount --bind "$home/etc/passwd" /etc/passwd && mount --bind "$home/etc/group" /etc/group || exit 125
[ -d "$place" ] || { mount -t tmpfs none "$(dirname "$place")" &&
                         mkdir "$place";
} || exit 125
mount --bind /mnt "$place" && cd / && exec "$@"
exit 125)sh";

gid_t group_of(std::string_view role)
{
    return role == "qmailq" || role == "qmailr" || role == "qmails" ? qmail : nofiles;
}

std::string line(const Production::User& user, gid_t group)
{
    return user.name + ":x:" + std::to_string(user.uid) + ':' + std::to_string(group) +
           "::" + user.home + ":/bin/sh\n";
}

void own(const std::string& path, std::string_view user, gid_t group, mode_t mode)
{
    if (::chown(path.c_str(), Production::uid_of(user), group) != 0 ||
        ::chmod(path.c_str(), mode) != 0)
        throw_errno("chown", path);
}

}

std::optional<std::string> Production::unavailable()
{
    if (::geteuid() != 0) return "needs root";
    const auto tried = run({.argv = {"unshare", "--mount", "--propagation", "private", "mount",
                                     "-t", "tmpfs", "none", "/mnt"},
                            .environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}});
    if (!(tried == 0)) return "needs mount namespaces: " + tried.errors;
    return std::nullopt;
}

Production::Production(const std::vector<std::string>& programs)
{
    for (const auto& name : programs) {
        const std::string installed = home_ / ("bin/" + name);
        const auto built = fs::canonical(installed);
        fs::remove(installed);
        fs::copy_file(built, installed);
        if (::chmod(installed.c_str(), name == "qmail-queue" ? 04711 : 0711) != 0)
            throw_errno("chmod", installed);
        if (name == "qmail-queue") own(installed, "qmailq", qmail, 04711);
    }
    for (const auto& entry : fs::recursive_directory_iterator(home_ / "queue"))
        own(entry.path(), "qmailq", qmail, entry.is_directory() ? 0750 : 0600);
    own(home_ / "queue", "qmailq", qmail, 0750);
    for (const auto* name : {"pid", "intd"})
        own(home_ / ("queue/" + std::string(name)), "qmailq", qmail, 0700);
    for (const std::string name : {"bounce", "info", "local", "remote"}) {
        own(home_ / ("queue/" + name), "qmails", qmail, 0700);
        for (const auto& entry : fs::directory_iterator(home_ / ("queue/" + name)))
            own(entry.path(), "qmails", qmail, 0700);
    }
    own(home_ / "queue/lock/tcpto", "qmailr", qmail, 0644);
    own(home_ / "queue/lock/sendmutex", "qmails", qmail, 0600);
    own(home_ / "queue/lock/trigger", "qmails", qmail, 0622);
    own(home_ / "alias", "alias", qmail, 02755);
    make_directory(home_ / "etc", 0755);
    make_directory(home_ / "home", 0755);
    write_accounts();
}

const Production::User& Production::add_user(const std::string& name, uid_t uid)
{
    const auto& user = add_account(name, uid, home_ / ("home/" + name));
    if (!fs::exists(user.home)) make_directory(user.home, 0755);
    if (::chown(user.home.c_str(), uid, uid) != 0) throw_errno("chown", user.home);
    return user;
}

const Production::User& Production::add_account(const std::string& name, uid_t uid,
                                                const std::string& home)
{
    users_.push_back({name, uid, home});
    write_accounts();
    return users_.back();
}

void Production::forget_users()
{
    users_.clear();
    write_accounts();
}

uid_t Production::uid_of(std::string_view name)
{
    for (uid_t i = 0; i < std::size(roles); ++i)
        if (roles[i] == name) return first_uid + i;
    return 0;
}

void Production::write_accounts() const
{
    std::string passwd = "root:x:0:0::/root:/bin/sh\n";
    std::string group = "root:x:0:\nnofiles:x:" + std::to_string(nofiles) +
                        ":\nqmail:x:" + std::to_string(qmail) + ":\n";
    for (const auto role : roles) {
        const std::string home = std::string(build::home) + (role == "alias" ? "/alias" : "");
        passwd += line({std::string(role), uid_of(role), home}, group_of(role));
    }
    for (const auto& user : users_) passwd += line(user, user.uid);
    for (const auto& user : users_) group += user.name + ":x:" + std::to_string(user.uid) + ":\n";
    spill(home_ / "etc/passwd", passwd);
    spill(home_ / "etc/group", group);
}

Launch Production::inside(Launch launch) const
{
    std::vector<std::string> argv{"unshare",    "--mount",  "--propagation", "private",
                                  "/bin/sh",    "-c",       enter,           "sh",
                                  home_.path(), build::home};
    argv.insert(argv.end(), launch.argv.begin(), launch.argv.end());
    launch.argv = std::move(argv);
    launch.environment.emplace_back("PATH=")
        .append(build::home)
        .append("/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    for (const auto& option : home_.environment())
        if (option.starts_with("ASAN_") || option.starts_with("UBSAN_"))
            launch.environment.push_back(option);
    return launch;
}
}
