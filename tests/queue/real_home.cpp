#include "queue/real_home.hpp"

#include "base/sys/error.hpp"
#include "base/sys/file.hpp"
#include "build_config.hpp"
#include "support/process.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

namespace grapnel::test {

namespace {

constexpr unsigned first_uid = 23001, queue_group = 23101, other_group = 23102;

// $1 home, $2 where it shall be, $3 uid, $4 gid, then the program. The users are made up, too.
constexpr char enter[] = R"sh(set -e
mount --bind "$1/passwd" /etc/passwd
mount --bind "$1/group" /etc/group
top=${2#/}
[ -d "$2" ] || { mount -t tmpfs none "/${top%%/*}"; mkdir -p "$2"; }
mount --bind "$1" "$2"
cd "$2"
uid=$3 gid=$4
shift 4
exec setpriv --reuid "$uid" --regid "$gid" --clear-groups "$@")sh";

}

std::string RealHome::why_not()
{
    if (::geteuid() != 0) return "only root can install a setuid program";
    // No executable below a directory that the namespace hides.
    if (std::string(build::home).starts_with("/tmp/")) return "the built-in home is below /tmp";
    if (!(run({.argv = {"unshare", "-m", "setpriv", "--clear-groups", "true"}}) == 0))
        return "no mount namespace may be made here";
    struct stat about {};
    const TempDirectory directory;
    const auto probe = directory / "id";
    std::filesystem::copy("/usr/bin/id", probe);
    if (::chown(probe.c_str(), first_uid, queue_group) != 0 || ::chmod(probe.c_str(), 04755) != 0 ||
        ::stat(probe.c_str(), &about) != 0)
        return "no setuid program can be made in the temporary directory";
    const auto id = run({.argv = {probe, "-u"}});
    return id.output == std::to_string(first_uid) + '\n' ? "" : "the setuid bit is not honoured";
}

RealHome::RealHome()
{
    std::string passwd = "root:x:0:0::/root:/bin/sh\n";
    uids_["root"] = 0;
    unsigned next = first_uid;
    for (const auto* user :
         {"qmailq", "alias", "qmaild", "qmaill", "qmailp", "qmailr", "qmails", "joe"}) {
        uids_[user] = next;
        passwd += std::string(user) + ":x:" + std::to_string(next++) + ':' +
                  std::to_string(other_group) + "::/:/bin/false\n";
    }
    home_.write("passwd", passwd);
    home_.write("group", "root:x:0:\nqmail:x:" + std::to_string(queue_group) +
                             ":\nnofiles:x:" + std::to_string(other_group) + ":\n");

    const std::string queue = home_ / "queue";
    for (const auto* folder : {"", "/todo", "/mess", "/lock"}) own(queue + folder, "qmailq", 0750);
    for (const auto* folder : {"/pid", "/intd", "/quarantine"}) own(queue + folder, "qmailq", 0700);
    for (const auto* folder : {"/bounce", "/info", "/local", "/remote"})
        own(queue + folder, "qmails", 0700);
    for (unsigned n = 0; n < TempHome::default_split; ++n)
        for (const std::string folder : {"mess", "info", "local", "remote"})
            own(queue + '/' + folder + '/' + std::to_string(n),
                folder == "mess" ? "qmailq" : "qmails", folder == "mess" ? 0750 : 0700);
    own(queue + "/lock/trigger", "qmails", 0622);

    install("qmail-queue");
    own(home_.program("qmail-queue"), "qmailq", 04711);
}

void RealHome::install(const std::string& program)
{
    const auto path = home_.program(program);
    const auto built = std::filesystem::canonical(path);
    std::filesystem::remove(path);
    std::filesystem::copy(built, path);
}

void RealHome::own(const std::string& path, const std::string& user, unsigned mode) const
{
    if (::chown(path.c_str(), uids_.at(user), queue_group) != 0 || ::chmod(path.c_str(), mode) != 0)
        throw_errno("own", path);
}

std::vector<std::string> RealHome::as(const std::string& user) const
{
    return {"unshare",
            "-m",
            "sh",
            "-c",
            enter,
            "sh",
            home_.path(),
            build::home,
            std::to_string(uids_.at(user)),
            std::to_string(other_group)};
}
}
