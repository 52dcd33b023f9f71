// Each row of the table of privileges, taken by a process of our own, which then tries what it must
// not be able to do: as root, where we are, and as nobody.
#include "base/sys/environment.hpp"
#include "base/sys/file.hpp"
#include "base/sys/kernel.hpp"
#include "base/sys/limits.hpp"
#include "base/sys/row.hpp"
#include "base/sys/spawn.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <functional>
#include <utility>
#include <vector>

using namespace grapnel;

namespace {

constexpr uid_t nobody = 65534;

class Row : public ::testing::Test {
protected:
    std::string home;

    Row()
    {
        std::string pattern = ::testing::TempDir() + "grapnel-row-XXXXXX";
        home = ::mkdtemp(pattern.data());
        for (const auto* folder :
             {"control", "queue", "queue/pid", "queue/mess", "queue/intd", "queue/todo",
              "queue/info", "queue/local", "queue/remote", "queue/bounce", "queue/quarantine",
              "queue/lock", "other", "run", "run/spool"})
            make_directory(home + '/' + folder, 0777);
        for (const auto* file : {"control/me", "queue/lock/trigger", "queue/lock/tcpto",
                                 "queue/pid/left", "other/secret"})
            open_file(home + '/' + file, O_WRONLY | O_CREAT, 0666);
        for (const auto& entry : std::filesystem::recursive_directory_iterator(home))
            std::filesystem::permissions(entry, std::filesystem::perms::all);
        std::filesystem::permissions(home, std::filesystem::perms::all);
    }
    ~Row() override { std::filesystem::remove_all(home); }

    // Was it possible? A process of its own that has taken the row tries it, in `directory`.
    bool can(void (*take)(), const std::string& directory, uid_t user,
             const std::function<bool()>& attempt) const
    {
        const Ending ending =
            fork_child([&] {
                ::setenv("QMAILHOME", home.c_str(), 1);
                if (user != ::geteuid() &&
                    (::setgroups(0, nullptr) != 0 || ::setgid(user) != 0 || ::setuid(user) != 0))
                    return 77;
                change_directory(home + directory);
                try {
                    take();
                } catch (const std::exception&) {
                    return 78;
                }
                return attempt() ? 0 : 1;
            }).wait();
        EXPECT_TRUE(ending.crashed ? ending.code == SIGSYS : ending.code < 2) << ending.code;
        return ending.success();
    }

    static std::vector<uid_t> users()
    {
        if (::geteuid() != 0) return {::geteuid()};
        return {0, nobody};
    }
};

bool opens(const std::string& path, int flags)
{
    return static_cast<bool>(Fd(::open(path.c_str(), flags, 0644)));
}

struct Taken {
    const char* name;
    void (*take)();
    const char* directory;
    bool network;
};

const Taken all[] = {
    {"qmail-send", row::qmail_send, "/queue", false},
    {"qmail-clean", row::qmail_clean, "/queue", false},
    {"qmail-queue", row::qmail_queue, "/queue", false},
    {"qmail-queue handing over", row::qmail_handover, "/queue", false},
    {"qmail-queued", row::qmail_queued, "/queue", false},
    {"qmail-remote", row::qmail_remote, "", true},
    {"qmail-smtpd, worker", row::smtpd_worker, "", true},
    {"qmail-smtpd, session", row::smtpd_session, "", false},
    {"qmail-smtpd, session with hooks", row::smtpd_hooked_session, "", false},
    {"qmail-smtpd, session with ETRN", row::smtpd_etrn_session, "", false},
    {"qmail-smtpd, session that asks the DNS", row::smtpd_asking_session, "", true},
};

}

TEST_F(Row, NobodyGetsOut)
{
    if (landlock_abi() < 2) GTEST_SKIP() << "this kernel has no Landlock";
    using Try = std::pair<const char*, std::function<bool()>>;
    const std::vector<Try> by_landlock{
        {"change a control file", [&] { return opens(home + "/control/me", O_WRONLY); }},
        {"make a file at home", [&] { return opens(home + "/new", O_WRONLY | O_CREAT); }},
        {"read other files", [&] { return opens(home + "/other/secret", O_RDONLY); }},
        {"run a program", [] { return ::execl("/bin/true", "true", nullptr) == 0; }},
    };
    const std::vector<Try> by_filter{
        {"fork", [] { return ::fork() >= 0; }},
        {"raw socket", [] { return ::socket(AF_INET, SOCK_RAW, 1) >= 0; }},
        {"packet socket", [] { return ::socket(AF_PACKET, SOCK_RAW, 0) >= 0; }},
        {"name space", [] { return ::unshare(CLONE_NEWUSER) == 0; }},
        {"mount", [] { return ::mount("none", "/mnt", "tmpfs", 0, nullptr) == 0; }},
        {"trace", [] { return ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0; }},
    };
    for (const auto user : users())
        for (const auto& [name, take, directory, network] : all) {
            for (const auto& [what, attempt] : by_landlock)
                EXPECT_FALSE(can(take, directory, user, attempt)) << name << ": " << what;
            if (address_sanitizer) continue;
            for (const auto& [what, attempt] : by_filter)
                EXPECT_FALSE(can(take, directory, user, attempt)) << name << ": " << what;
            EXPECT_EQ(
                can(take, directory, user, [] { return ::socket(AF_INET, SOCK_STREAM, 0) >= 0; }),
                network)
                << name;
        }
}

TEST_F(Row, WhatTheWorkNeedsGoesOn)
{
    if (landlock_abi() < 2) GTEST_SKIP() << "this kernel has no Landlock";
    for (const auto user : users()) {
        EXPECT_TRUE(can(row::qmail_queue, "/queue", user, [] {
            return opens("pid/1", O_WRONLY | O_CREAT) && ::link("pid/1", "mess/1") == 0 &&
                   ::unlink("pid/1") == 0 && ::unlink("mess/1") == 0;
        }));
        EXPECT_TRUE(can(row::qmail_send, "/queue", user, [&] {
            return opens("info/1", O_WRONLY | O_CREAT) && ::rename("info/1", "info/2") == 0 &&
                   ::unlink("info/2") == 0 && opens("lock/trigger", O_WRONLY) &&
                   opens(home + "/control/me", O_RDONLY) && !opens("todo/1", O_WRONLY | O_CREAT);
        }));
        EXPECT_TRUE(can(row::qmail_remote, "", user, [] {
            return opens("queue/lock/tcpto", O_WRONLY) && opens("control/me", O_RDONLY) &&
                   opens("/etc/resolv.conf", O_RDONLY);
        }));
        EXPECT_TRUE(can(row::smtpd_worker, "", user,
                        [&] { return opens(home + "/control/me", O_RDONLY); }));
        for (void (*take)() :
             {row::smtpd_worker, row::smtpd_hooked_session, row::smtpd_asking_session})
            EXPECT_TRUE(can(take, "", user, [&] {
                return opens(home + "/run/spool/1", O_WRONLY | O_CREAT | O_EXCL) &&
                       opens(home + "/run/spool/1", O_RDONLY) &&
                       ::unlink((home + "/run/spool/1").c_str()) == 0;
            }));
        open_file(home + "/queue/pid/left", O_WRONLY | O_CREAT, 0666);
        EXPECT_TRUE(
            can(row::qmail_clean, "/queue", user, [] { return ::unlink("pid/left") == 0; }));
    }
}

TEST_F(Row, LimitsOfWhoStartsOthersEndWithHim)
{
    if (address_sanitizer) GTEST_SKIP() << "no limits of memory under AddressSanitizer";
    const auto limits = [&](const std::string& name) {
        return read_file_if_there(home + '/' + name, 1 << 16).value_or("");
    };
    const auto write_limits = [&](const std::string& name) {
        return Command{.path = "/bin/sh",
                       .arguments = {"sh", "-c", "cat /proc/self/limits > " + home + '/' + name}};
    };
    ASSERT_TRUE(spawn(write_limits("before")).wait().success());
    for (void (*take)() : {row::qmail_lspawn, row::qmail_local, row::qmail_rspawn,
                           row::smtpd_listener, row::injector}) {
        EXPECT_TRUE(can(take, "", ::geteuid(), [&] {
            struct rlimit memory {};
            return ::getrlimit(RLIMIT_DATA, &memory) == 0 && memory.rlim_cur <= 256u << 20 &&
                   spawn(write_limits("after")).wait().success();
        }));
        EXPECT_EQ(limits("after"), limits("before"));
    }
    EXPECT_NE(limits("before"), "");
}
