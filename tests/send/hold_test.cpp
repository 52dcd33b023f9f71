// The built qmail-send and qmail-hold: mail that waits for its time.
#include "send/sending.hpp"

#include "base/sys/file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <ctime>

namespace grapnel::test {
namespace {

using testing::HasSubstr;
constexpr auto local = Channel::local, remote = Channel::remote;

struct Hold : testing::Test {
    TempHome home;
    MessageNumber n = 0;
    std::time_t now = std::time(nullptr);
    Hold() { home.control("locals", "here.example"); }

    std::string at(std::string_view folder) const { return queue_path(home, folder, n); }
    void lay(std::time_t until)
    {
        n = lay_todo(home, zeros("u1|p7|p7 id=019ac3f2-6f00-7b1e-8c3d-0a1b2c3d4e5f hold-until=" +
                                 std::to_string(until) +
                                 "|Fs@a.example|Tann@here.example|Tbob@far.example|"));
    }
    bool is_on_file() const
    {
        return wait_until(
            [&] { return status_if_there(at("info")) && !status_if_there(at("todo")); });
    }
    Finished tool(std::vector<std::string> words) const
    {
        words.insert(words.begin(), home.program("qmail-hold"));
        return run({.argv = words, .environment = home.environment()});
    }
    std::string number() const { return std::to_string(n); }
    bool all_is_gone() const
    {
        return wait_until([&] { return home.queue_files().empty(); });
    }
};

TEST_F(Hold, IsNotTriedBeforeItsTimeNeitherByASignalNorByARestart)
{
    lay(now + 3600);
    for (int life = 0; life < 2; ++life) {
        Sending send(home);
        ASSERT_TRUE(is_on_file());
        send.lines_until("status");   // it hears signals
        send.process().kill(SIGALRM);
        send.process().kill(SIGHUP);
        EXPECT_FALSE(send.next_job(local, milliseconds(200)));
        EXPECT_FALSE(send.next_job(remote, milliseconds(0)));
        if (life == 0)
            send.process().kill(SIGKILL), send.wait();
        else
            EXPECT_EQ(send.stop()->code, 0);
    }
    EXPECT_THAT(slurp(at("info")), HasSubstr("hold-until="));
}

TEST_F(Hold, IsTriedWhenItsTimeHasCome)
{
    lay(now + 2);
    Sending send(home);
    ASSERT_TRUE(send.next_job(local) && send.next_job(remote));
    EXPECT_GE(std::time(nullptr), now + 2);
    send.report(local, 0, 'K', "ok");
    send.report(remote, 0, 'K', "ok");
    EXPECT_TRUE(all_is_gone());
}

TEST_F(Hold, WhatWasToBeReleasedWhileNobodyRanIsTriedAtOnce)
{
    lay(now - 5);
    Sending send(home);
    EXPECT_TRUE(send.next_job(local) && send.next_job(remote));
}

TEST_F(Hold, AMessagesLifeBeginsWithItsRelease)
{
    home.control("queuelifetime", "1000");
    n = lay_sorted(home, zeros("Fs@a.example|hold-until=" + std::to_string(now - 500) + '|'),
                   zeros("Tann@here.example|"), "", now - 90000, now);
    Sending send(home);
    ASSERT_TRUE(send.next_job(local));
    send.report(local, 0, 'Z', "later");
    EXPECT_THAT(send.lines_until("delivery 1").back(), HasSubstr("deferral"));
    EXPECT_EQ(send.stop()->code, 0);
    // (isqrt(500) + 10) squared, from the release on.
    EXPECT_NEAR(static_cast<double>(status_if_there(at("local"))->st_mtime),
                static_cast<double>(now - 500 + 32 * 32), 130);
}

TEST_F(Hold, TheToolListsIt)
{
    lay(now + 3600);
    Sending send(home);
    ASSERT_TRUE(is_on_file());
    const auto list = tool({"list"});
    EXPECT_EQ(list.ending.code, 0) << list.errors;
    EXPECT_THAT(list.output, HasSubstr('#' + number() + "  until "));
    EXPECT_THAT(list.output, HasSubstr("<s@a.example>  to=2  id=019ac3f2-6f00-7b1e"));
    const auto json = tool({"list", "--json"}).output;
    EXPECT_THAT(json, HasSubstr("\"until\":" + std::to_string(now + 3600)));
    EXPECT_THAT(json, HasSubstr("[\"ann@here.example\",\"bob@far.example\"]"));
    const auto shown =
        run({.argv = {home.program("qmail-qread")}, .environment = home.environment()});
    EXPECT_THAT(shown.output, HasSubstr("<s@a.example>  held until "));
}

TEST_F(Hold, TheToolReleasesIt)
{
    lay(now + 3600);
    Sending send(home);
    ASSERT_TRUE(is_on_file());
    const auto released = tool({"release", '#' + number()});
    EXPECT_EQ(released.ending.code, 0) << released.errors;
    ASSERT_TRUE(send.next_job(local) && send.next_job(remote));
    EXPECT_THAT(send.lines_until("hold msg").back(), HasSubstr(number() + ": released"));
    EXPECT_EQ(tool({"list"}).output, "");
    EXPECT_EQ(tool({"release", number()}).ending.code, 100) << "nothing is held any more";
}

TEST_F(Hold, WhatWasReleasedStaysSoWhenQmailSendIsKilled)
{
    lay(now + 3600);
    {
        Sending send(home);
        ASSERT_TRUE(is_on_file());
        EXPECT_EQ(tool({"release", "019ac3f2-6f00-7b1e-8c3d-0a1b2c3d4e5f"}).ending.code, 0);
        send.process().kill(SIGKILL);
        send.wait();
    }
    Sending send(home);
    EXPECT_TRUE(send.next_job(local) && send.next_job(remote));
}

TEST_F(Hold, TheToolCancelsItAndNobodyIsTold)
{
    home.write("stand-in", "#!/bin/sh\ntouch " + (home / "told") + "\n", 0755);
    lay(now + 3600);
    Sending send(home, {.environment = {"QMAILQUEUE=" + (home / "stand-in")}});
    ASSERT_TRUE(is_on_file());
    EXPECT_EQ(tool({"cancel", number()}).ending.code, 0);
    const auto lines = send.lines_until("end msg");
    EXPECT_THAT(lines, testing::Contains("hold msg " + number() + ": cancelled"));
    EXPECT_THAT(lines,
                testing::Contains("cancelled msg " + number() + ": to local ann@here.example"));
    EXPECT_TRUE(all_is_gone());
    EXPECT_FALSE(send.next_job(local, milliseconds(0)));
    EXPECT_FALSE(status_if_there(home / "told"));
}

TEST_F(Hold, ARequestCountsWhileQmailCleanHasNotYetAnswered)
{
    for (const auto* verb : {"cancel", "release"}) {
        lay(now + 3600);
        Sending send(home, {.clean = false});
        EXPECT_EQ(send.clean_request(), "todo/" + number());
        EXPECT_EQ(tool({"list"}).output, "") << "not taken in yet";
        remove_file(at("todo"));
        EXPECT_EQ(tool({verb, number()}).ending.code, 0);
        send.clean_answer('+');
        if (verb == std::string_view("release")) {
            EXPECT_TRUE(send.next_job(local) && send.next_job(remote));
            continue;
        }
        EXPECT_EQ(send.clean_request(), "foop/" + number());
        remove_file(at("mess"));
        send.clean_answer('+');
        EXPECT_EQ(send.lines_until("end msg").back(), "end msg " + number());
        EXPECT_TRUE(all_is_gone());
    }
}

TEST_F(Hold, TheToolNeedsNoQmailSend)
{
    lay(now + 3600);
    {
        Sending send(home);
        ASSERT_TRUE(is_on_file());
        EXPECT_EQ(send.stop()->code, 0);
    }
    EXPECT_THAT(tool({"list"}).output, HasSubstr(number()));
    EXPECT_EQ(tool({"cancel", number()}).ending.code, 0);
    EXPECT_EQ(tool({"list"}).output, "");
    Sending send(home);
    EXPECT_EQ(send.lines_until("end msg").back(), "end msg " + number());
    EXPECT_TRUE(all_is_gone());
}

TEST_F(Hold, TheToolSaysWhatItCannotDo)
{
    EXPECT_EQ(tool({}).ending.code, 100);
    EXPECT_EQ(tool({"release"}).ending.code, 100);
    EXPECT_EQ(tool({"list", "x"}).ending.code, 100);
    const auto none = tool({"cancel", "4711"});
    EXPECT_EQ(none.ending.code, 100);
    EXPECT_THAT(none.errors, HasSubstr("4711: no such message is held"));
}

}
}
