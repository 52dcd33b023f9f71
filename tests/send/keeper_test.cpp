// qmail-queued under its keeper: started again when it ends, ended with qmail-send.
#include "send/keeper.hpp"

#include "queue/queued_lab.hpp"
#include "queue/queued_socket.hpp"
#include "support/instance.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>

using namespace grapnel;
using namespace grapnel::test;
using namespace std::string_literals;
using namespace std::chrono_literals;

namespace {

const InstanceOptions only_send{.smtpd = false};

pid_t process_named(const TempHome& home, const std::string& name)
{
    for (const auto& process : processes_with("QMAILHOME=" + home.path()))
        if (process.name == name) return process.pid;
    return 0;
}

std::optional<queue::QueuedAnswer> submit_one(const TempHome& home)
{
    return QueuedClient(home).submit("Subject: x\n\nhi\n", "Fa@x\0Tjoe@here.example\0\0"s);
}

void require_program()
{
    if (!TempHome::built("qmail-queued")) GTEST_SKIP() << "qmail-queued is not built";
}

}

TEST(RestartDelay, DoublesToAMinuteAndForgetsAfterAGoodRun)
{
    send::RestartDelay delay;
    std::vector<long> seen;
    for (int i = 0; i < 9; ++i) seen.push_back(delay.after(0s).count());
    EXPECT_EQ(seen, (std::vector<long>{1, 2, 4, 8, 16, 32, 60, 60, 60}));
    EXPECT_EQ(delay.after(59s).count(), 60);
    EXPECT_EQ(delay.after(60s).count(), 1);
    EXPECT_EQ(delay.after(1s).count(), 2);
}

TEST(KeptQueued, ComesBackAndNoMessageIsLostMeanwhile)
{
    require_program();
    const TempHome home;
    Instance mta(home, only_send);
    ASSERT_TRUE(wait_until([&] { return process_named(home, "qmail-queued") > 0; }));
    ASSERT_TRUE(submit_one(home));
    const pid_t first = process_named(home, "qmail-queued");
    ASSERT_EQ(::kill(first, SIGKILL), 0);
    const auto answer = submit_one(home);      // waits at the socket, which the keeper holds
    if (!answer || answer->exit_code != 0) {   // or it met the one that was just being killed
        const auto again = submit_one(home);
        ASSERT_TRUE(again);
        EXPECT_EQ(again->exit_code, 0);
    }
    EXPECT_NE(process_named(home, "qmail-queued"), first);
    EXPECT_TRUE(mta.wait_for_log("qmail-queued was ended by signal 9; again in 1 s"));
}

TEST(KeptQueued, EndsWithQmailSend)
{
    require_program();
    for (const int signal : {SIGTERM, SIGKILL}) {
        const TempHome home;
        Instance mta(home, only_send);
        ASSERT_TRUE(submit_one(home));
        mta.send().kill(signal);
        EXPECT_TRUE(mta.send().wait());
        EXPECT_TRUE(wait_until([&] { return processes_with("QMAILHOME=" + home.path()).empty(); }));
        EXPECT_TRUE(wait_until([&] { return !queue::connect_to_queued(home.path()); }));
    }
}

// Who came meanwhile is told so; who comes then finds nobody, and goes to qmail-queue.
TEST(KeptQueued, WhileItDoesNotRunForLongNobodyWaitsForIt)
{
    require_program();
    const TempHome home;
    const auto program = home.program("qmail-queued");
    const auto built = std::filesystem::canonical(program);
    std::filesystem::remove(program);
    home.write("bin/qmail-queued", "#!/bin/sh\nexit 111\n", 0755);
    Instance mta(home, only_send);
    const auto answer = submit_one(home);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->exit_code, 71);
    EXPECT_EQ(answer->text, "Zthe queue is out of order (#4.3.0)");
    ASSERT_TRUE(mta.wait_for_log("qmail-queued ended with exit code 111; again in 2 s"));
    EXPECT_TRUE(wait_until([&] { return !queue::connect_to_queued(home.path()); }));
    EXPECT_FALSE(queue::connect_to_queued(home.path()));
    std::filesystem::remove(program);
    std::filesystem::create_symlink(built, program);
    EXPECT_TRUE(wait_until([&] { return bool(queue::connect_to_queued(home.path())); }));
    const auto queued = submit_one(home);
    ASSERT_TRUE(queued);
    EXPECT_EQ(queued->exit_code, 0);
}

TEST(KeptQueued, WithoutItTheRestRuns)
{
    require_program();
    const TempHome home;
    home.control("queued", "0");
    {
        Instance mta(home, only_send);
        EXPECT_EQ(process_named(home, "qmail-queued"), 0);
        EXPECT_FALSE(queue::connect_to_queued(home.path()));
        EXPECT_TRUE(mta.stop());
    }
    home.no_control("queued");
    std::filesystem::remove(home.program("qmail-queued"));
    Instance mta(home, only_send);
    EXPECT_TRUE(mta.wait_for_log("qmail-queued does not run"));
    EXPECT_TRUE(wait_until([&] { return !queue::connect_to_queued(home.path()); }));
    EXPECT_TRUE(mta.stop());
}
