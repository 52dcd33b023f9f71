#include "production/installed.hpp"

#include "base/sys/account.hpp"
#include "base/sys/error.hpp"
#include "base/sys/file.hpp"
#include "build_config.hpp"
#include "support/own_namespace.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <stdexcept>

namespace grapnel::test {

namespace {

constexpr std::array<std::string_view, 4> other_users{"qmaild", "qmaill", "qmailp", "qmailh"};
constexpr std::array<std::string_view, 3> queue_users{"qmailq", "qmailr", "qmails"};
constexpr int first_number = 7790;

std::string number(std::string_view name)
{
    constexpr std::array<std::string_view, 12> all{"alias",  "qmaild", "qmaill",  "qmailp",
                                                   "qmailh", "qmailq", "qmailr",  "qmails",
                                                   "qmail",  "joe",    "nofiles", "keys"};
    for (std::size_t i = 0; i < all.size(); ++i)
        if (all[i] == name) return std::to_string(first_number + static_cast<int>(i));
    return "0";
}

std::string passwd_line(std::string_view name, std::string_view group, std::string_view home)
{
    return std::string(name) + ":x:" + number(name) + ':' + number(group) +
           "::" + std::string(home) + ":/bin/sh\n";
}

std::string passwd(const std::string& joe)
{
    const std::string home = build::home;
    std::string text =
        "root:x:0:0::/root:/bin/sh\n" + passwd_line("alias", "nofiles", home + "/alias");
    for (const auto name : other_users) text += passwd_line(name, "nofiles", home);
    for (const auto name : queue_users) text += passwd_line(name, "qmail", home);
    return text + passwd_line("joe", "joe", joe);
}

std::string group()
{
    std::string text = "root:x:0:\n";
    for (const std::string name : {"qmail", "nofiles", "joe"})
        text += name + ":x:" + number(name) + ":\n";
    return text + "keys:x:" + number("keys") + ":qmailr,qmails,qmailq\n";
}

void must(const std::string& trouble)
{
    if (!trouble.empty()) throw std::runtime_error(trouble);
}

bool sanitized()
{
#if defined(__SANITIZE_ADDRESS__)
    return true;
#else
    return false;
#endif
}

}

std::string Installed::unavailable()
{
    if (::geteuid() != 0) return "only root can give each program its own uid";
    if (sanitized()) return "the leak checker may not look into a setuid program";
    static const std::string answer = own_mounts();
    return answer;
}

Installed::Installed() : path_(build::home)
{
    spill(directory_ / "passwd", passwd(joe()));
    spill(directory_ / "group", group());
    must(bind_over(directory_ / "passwd", "/etc/passwd"));
    must(bind_over(directory_ / "group", "/etc/group"));

    make_directory(joe(), 0755);
    for (const auto* part : {"/Maildir", "/Maildir/new", "/Maildir/cur", "/Maildir/tmp"})
        make_directory(joe() + part, 0700);
    for (const auto& entry : std::filesystem::recursive_directory_iterator(joe()))
        if (::chown(entry.path().c_str(), uid("joe"), gid("joe")) != 0) throw_errno("chown");
    if (::chown(joe().c_str(), uid("joe"), gid("joe")) != 0) throw_errno("chown");

    const auto result = run(
        {.argv = {"cmake", "--install", BUILD_DIRECTORY, "--strip"},
         .environment = {"DESTDIR=" + directory_ / "stage", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"}});
    if (!(result == 0))
        throw std::runtime_error("cmake --install: " + result.output + result.errors);
    if (!std::filesystem::exists(path_)) {
        must(mount_tmpfs(std::filesystem::path(path_).parent_path(), "mode=755"));
        make_directory(path_, 0755);
    }
    must(bind_over(directory_ / ("stage" + path_), path_));
    control("me", "here.example");
}

Installed::~Installed()
{
    unmount(path_);
    unmount("/etc/passwd");
    unmount("/etc/group");
}

void Installed::control(std::string_view name, std::string_view text) const
{
    spill(*this / ("control/" + std::string(name)), std::string(text) + '\n');
}

uid_t Installed::uid(std::string_view name) { return static_cast<uid_t>(std::stoul(number(name))); }
gid_t Installed::gid(std::string_view name) { return static_cast<gid_t>(std::stoul(number(name))); }

Launch Installed::launch(std::vector<std::string> argv, std::string_view as) const
{
    argv.front() = *this / ("bin/" + argv.front());
    if (!as.empty()) {
        const std::string group = as == "joe" ? "joe" : "nofiles";
        argv.insert(argv.begin(), {"/usr/bin/setpriv", "--reuid", number(as), "--regid",
                                   number(group), "--clear-groups"});
    }
    return {
        .argv = argv, .environment = {"PATH=" + path_ + "/bin:/usr/bin:/bin"}, .directory = "/"};
}

std::string ownership(const std::string& path)
{
    struct stat about {};
    if (::lstat(path.c_str(), &about) != 0) return "missing";
    const auto* user = ::getpwuid(about.st_uid);
    std::string text = user ? user->pw_name : std::to_string(about.st_uid);
    const auto* group = ::getgrgid(about.st_gid);
    text += ':' + std::string(group ? group->gr_name : std::to_string(about.st_gid));
    std::array<char, 16> mode{};
    std::snprintf(mode.data(), mode.size(), " %04o", about.st_mode & 07777u);
    return text + mode.data();
}

}
