// The built qmail-send and messages whose recipients can all be tried at once: what is written,
// when, and what a second life finds (reliability 3.3.1).
#include "send/one_message.hpp"

#include "base/sys/file.hpp"
#include "support/queue_watch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <ctime>
#include <filesystem>

namespace grapnel::test {
namespace {

using testing::HasSubstr;
constexpr auto local = Channel::local, remote = Channel::remote;

struct StraightFromTodo : OneMessage {};

TEST_F(StraightFromTodo, WhatIsDeliveredLeavesNoFile)
{
    QueueWatch watch(home, {"info", "local", "remote"});
    lay({"ann@here.example", "bob@far.example"});
    Sending send(home);
    ASSERT_TRUE(send.next_job(local) && send.next_job(remote));
    EXPECT_TRUE(is_there("todo"));
    send.report(local, 0, 'K', "ok");
    send.report(remote, 0, 'K', "ok");
    EXPECT_EQ(send.lines_until("end msg").back(), "end msg " + text());
    EXPECT_TRUE(all_is_gone());
    EXPECT_EQ(watch.made(), 0u);
}

TEST_F(StraightFromTodo, MessGoesAfterTodoAndAFlush)
{
    lay({"ann@here.example"});
    Sending send(home, {.clean = false});
    ASSERT_TRUE(send.next_job(local));
    send.report(local, 0, 'K', "ok");
    EXPECT_EQ(send.clean_request(), "todo/" + text());
    EXPECT_EQ(send.lines_until("end msg").back(), "end msg " + text());
    remove_file(at("todo"));
    send.clean_answer('+');
    EXPECT_EQ(send.clean_request(), "foop/" + text());
}

TEST_F(StraightFromTodo, ADeferralIsWrittenDownWithWhatIsDone)
{
    const auto before = std::time(nullptr);
    lay({"ann@here.example", "bob@here.example", "cid@here.example"});
    Sending send(home);
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(send.next_job(local));
    send.report(local, 1, 'K', "ok");
    send.report(local, 2, 'Z', "later");
    EXPECT_TRUE(comes("local", zeros("Tann@here.example|Dbob@here.example|Tcid@here.example|")));
    EXPECT_TRUE(comes("info", zeros("Fs@a.example|")));
    EXPECT_TRUE(wait_until([&] { return !is_there("todo"); }));
    // The one that still runs belongs to the message on file now.
    send.report(local, 0, 'K', "ok");
    EXPECT_TRUE(comes("local", zeros("Dann@here.example|Dbob@here.example|Tcid@here.example|")));
    EXPECT_EQ(send.stop()->code, 0);
    const auto birth = status_if_there(at("info"))->st_mtime;
    EXPECT_GE(birth, before);
    EXPECT_EQ(status_if_there(at("local"))->st_mtime, birth + 100) << "(0 + 10) squared";
}

TEST_F(StraightFromTodo, ASlowDeliveryIsOnFileAfterASecond)
{
    const auto before = std::time(nullptr);
    lay({"ann@here.example", "bob@far.example"});
    Sending send(home);
    ASSERT_TRUE(send.next_job(local) && send.next_job(remote));
    EXPECT_TRUE(comes("info", zeros("Fs@a.example|")));
    EXPECT_TRUE(wait_until([&] { return !is_there("todo"); }));
    const auto birth = status_if_there(at("info"))->st_mtime;
    EXPECT_TRUE(birth == before || birth == before + 1) << "when the attempt began";
    EXPECT_EQ(slurp(at("local")), zeros("Tann@here.example|"));
    send.report(local, 0, 'K', "ok");
    EXPECT_TRUE(wait_until([&] { return !is_there("local"); }));
    EXPECT_EQ(slurp(at("remote")), zeros("Tbob@far.example|"));
    send.report(remote, 0, 'K', "ok");
    EXPECT_EQ(send.lines_until("end msg").back(), "end msg " + text());
    EXPECT_TRUE(all_is_gone());
}

TEST_F(StraightFromTodo, AFailureBouncesAndIsWrittenBeforeTheMark)
{
    lay({"ann@here.example", "bob@far.example"});
    home.write("stand-in", "#!/bin/sh\ncat >" + (home / "sent") + "\nexit 0\n", 0755);
    Sending send(home, {.environment = {"QMAILQUEUE=" + (home / "stand-in")}, .clean = false});
    ASSERT_TRUE(send.next_job(local) && send.next_job(remote));
    send.report(remote, 0, 'D', "no such user");
    EXPECT_EQ(send.clean_request(), "todo/" + text());
    EXPECT_EQ(slurp(at("bounce")), "<bob@far.example>:\nno such user\n\n");
    EXPECT_EQ(slurp(at("local")), zeros("Tann@here.example|"));
    EXPECT_EQ(slurp(at("remote")), zeros("Dbob@far.example|"));
    remove_file(at("todo"));
    send.clean_answer('+');
    send.report(local, 0, 'K', "ok");
    EXPECT_THAT(send.lines_until("bounce msg").back(), HasSubstr("bounce msg " + text() + " qp "));
    EXPECT_THAT(home.read("sent"), HasSubstr("<bob@far.example>:\nno such user\n\n--- Below"));
    EXPECT_EQ(send.next_line(), "end msg " + text());
}

TEST_F(StraightFromTodo, ExtensionRecordsComeIntoInfo)
{
    n = lay_todo(home, zeros("u1|p7|p7 id=abc|Fs@a.example|Tann@here.example|p7 notify=DELAY|"));
    Sending send(home);
    ASSERT_TRUE(send.next_job(local));
    send.report(local, 0, 'Z', "later");
    EXPECT_TRUE(comes("info", zeros("Fs@a.example|id=abc|l0:notify=DELAY|")));
}

TEST_F(StraightFromTodo, TheEndWritesDownWhatRuns)
{
    lay({"ann@here.example", "bob@here.example"});
    Sending send(home);
    ASSERT_TRUE(send.next_job(local) && send.next_job(local));
    send.report(local, 1, 'K', "ok");
    send.lines_until("delivery 2: success");
    send.process().kill(SIGTERM);
    EXPECT_TRUE(comes("local", zeros("Tann@here.example|Dbob@here.example|")));
    EXPECT_TRUE(wait_until([&] { return !is_there("todo"); }));
    send.report(local, 0, 'K', "ok");
    EXPECT_EQ(send.wait()->code, 0);
    EXPECT_FALSE(is_there("local"));
    EXPECT_TRUE(all_is_gone());
}

TEST_F(StraightFromTodo, KilledBetweenItIsTriedAgainFromTodo)
{
    lay({"ann@here.example", "bob@here.example"});
    {
        Sending send(home);
        ASSERT_TRUE(send.next_job(local) && send.next_job(local));
        send.report(local, 1, 'K', "ok");
        send.lines_until("delivery 2: success");
        send.process().kill(SIGKILL);
        send.wait();
    }
    EXPECT_THAT(home.queue_files(), testing::SizeIs(2));   // mess and todo, as they were
    Sending send(home);
    ASSERT_TRUE(send.next_job(local) && send.next_job(local));
    send.report(local, 0, 'K', "ok");
    send.report(local, 1, 'K', "ok");
    EXPECT_TRUE(all_is_gone());
}

TEST_F(StraightFromTodo, KilledAfterItWasWrittenTheMarksCount)
{
    lay({"ann@here.example", "bob@here.example"});
    {
        Sending send(home, {.clean = false});
        ASSERT_TRUE(send.next_job(local) && send.next_job(local));
        send.report(local, 1, 'K', "ok");
        send.report(local, 0, 'Z', "later");
        EXPECT_EQ(send.clean_request(), "todo/" + text());
        send.process().kill(SIGKILL);
        send.wait();
    }
    Sending send(home);
    const auto job = send.next_job(local);
    ASSERT_TRUE(job);
    EXPECT_EQ(job->recipient, "ann@here.example");
    send.report(local, 0, 'K', "ok");
    EXPECT_TRUE(all_is_gone());
    EXPECT_FALSE(send.next_job(local, milliseconds(0)));
}

TEST_F(StraightFromTodo, WhatDoesNotLeaveTodoIsWrittenAtTheEnd)
{
    lay({"ann@here.example"});
    Sending send(home, {.clean = false});
    ASSERT_TRUE(send.next_job(local));
    send.report(local, 0, 'K', "ok");
    EXPECT_EQ(send.clean_request(), "todo/" + text());
    send.clean_answer('!');
    EXPECT_EQ(send.lines_until("warning").back(),
              "warning: qmail-clean unable to clean up todo/" + text());
    pull_trigger(home);   // it is known: not taken again
    lay_message(home, "s@a.example", {"bob@here.example"});
    ASSERT_EQ(send.next_job(local)->recipient, "bob@here.example");
    send.process().kill(SIGTERM);
    send.report(local, 0, 'Z', "later");
    EXPECT_THAT(send.clean_request(), HasSubstr("todo/"));
    send.clean_answer('+');
    EXPECT_THAT(send.clean_request(), "todo/" + text());
    send.clean_answer('!');
    EXPECT_EQ(send.wait()->code, 0);
    EXPECT_EQ(slurp(at("local")), zeros("Dann@here.example|"));
    EXPECT_TRUE(is_there("info") && is_there("todo"));
}

TEST_F(StraightFromTodo, WithoutQmailCleanNothingThatIsDeliveredIsTriedAgain)
{
    lay({"ann@here.example"});
    {
        Sending send(home, {.clean = false});
        ASSERT_TRUE(send.next_job(local));
        send.report(local, 0, 'K', "ok");
        EXPECT_EQ(send.clean_request(), "todo/" + text());
        send.hang_up_clean();
        EXPECT_EQ(send.wait()->code, 0);
    }
    Sending send(home);
    EXPECT_EQ(send.lines_until("end msg").back(), "end msg " + text());
    EXPECT_TRUE(all_is_gone());
    EXPECT_FALSE(send.next_job(local, milliseconds(0)));
}

TEST_F(StraightFromTodo, WhatCannotBeWrittenStaysInTodoAndIsNotTriedAgain)
{
    lay({"ann@here.example", "bob@here.example"});
    home.write("stand-in", "#!/bin/sh\ncat >/dev/null\n", 0755);
    Sending send(home, {.environment = {"QMAILQUEUE=" + (home / "stand-in")}});
    ASSERT_TRUE(send.next_job(local) && send.next_job(local));
    const auto folder = std::filesystem::path(at("info")).parent_path();
    std::filesystem::rename(folder, home / "queue/away");
    send.report(local, 1, 'D', "no");
    EXPECT_THAT(send.lines_until("warning").back(), HasSubstr("warning: unable to create info/"));
    pull_trigger(home);
    send.report(local, 0, 'K', "ok");
    send.lines_until("delivery 1: success");
    std::filesystem::rename(home / "queue/away", folder);
    EXPECT_TRUE(is_there("todo"));
    EXPECT_FALSE(send.next_job(local, milliseconds(0)));
    EXPECT_EQ(send.stop()->code, 0);   // tries once more before it goes
    EXPECT_FALSE(is_there("todo"));
    EXPECT_THAT(send.lines_until("bounce msg").back(), HasSubstr("bounce msg " + text() + " qp "));
}

TEST_F(StraightFromTodo, AMessageThatFindsNoSlotWaitsOnFile)
{
    Sending send(home, {.local_limit = 1});
    const auto slow = lay_message(home, "s@a.example", {"slow@here.example"});
    ASSERT_TRUE(send.next_job(local));
    lay({"ann@here.example"});
    EXPECT_TRUE(comes("local", zeros("Tann@here.example|")));
    EXPECT_TRUE(wait_until([&] { return !is_there("todo"); }));
    EXPECT_EQ(slurp(queue_path(home, "local", slow)), zeros("Tslow@here.example|"));
    send.report(local, 0, 'K', "ok");
    ASSERT_EQ(send.next_job(local)->recipient, "ann@here.example");
    send.report(local, 0, 'K', "ok");
    EXPECT_TRUE(all_is_gone());
}

TEST_F(StraightFromTodo, AMessageThatFindsASlotInTimeNeedsNoFile)
{
    QueueWatch watch(home, {"info", "local", "remote"});
    Sending send(home, {.local_limit = 1});
    lay({"ann@here.example"});
    lay({"bob@here.example"});
    for (int i = 0; i < 2; ++i) {
        ASSERT_TRUE(send.next_job(local));
        send.report(local, 0, 'K', "ok");
    }
    EXPECT_TRUE(all_is_gone());
    EXPECT_EQ(watch.made(), 0u);
}

TEST_F(StraightFromTodo, MoreRecipientsThanSlotsAreWrittenAtOnce)
{
    lay({"ann@here.example", "bob@here.example"});
    Sending send(home, {.local_limit = 1, .clean = false});
    EXPECT_EQ(send.clean_request(), "todo/" + text());
    EXPECT_FALSE(send.next_job(local, milliseconds(0)));
    EXPECT_TRUE(is_there("info"));
}

TEST_F(StraightFromTodo, WhatAnEarlierLifeLeftIsTakenFromFiles)
{
    lay({"ann@here.example"});
    spill(at("bounce"), "<x@far.example>:\nno\n\n", 0600);
    Sending send(home, {.clean = false});
    EXPECT_EQ(send.clean_request(), "todo/" + text());
    EXPECT_TRUE(is_there("info"));
}

TEST_F(StraightFromTodo, MailInTheQueueGetsATurnBesideNewMail)
{
    const auto now = std::time(nullptr);
    for (int i = 0; i < 3; ++i)
        lay_sorted(home, zeros("Fold@a.example|"), zeros("Told@here.example|"), "", now, now);
    for (int i = 0; i < 30; ++i) lay_message(home, "s@a.example", {"new@here.example"});
    Sending send(home, {.local_limit = 1});
    std::vector<std::string> order;
    for (int i = 0; i < 33; ++i) {
        const auto job = send.next_job(local);
        ASSERT_TRUE(job) << i;
        order.push_back(job->recipient);
        send.report(local, 0, 'K', "ok");
    }
    EXPECT_EQ(std::count(order.begin(), order.begin() + 13, "old@here.example"), 3);
    EXPECT_TRUE(all_is_gone());
}

}
}
