// The built qmail-send, black box: log lines byte for byte, the queue's files, what spawners are
// told.
#include "send/sending.hpp"

#include "base/sys/file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <ctime>
#include <filesystem>
#include <set>

namespace grapnel::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
constexpr auto local = Channel::local, remote = Channel::remote;

std::string n_(MessageNumber n) { return std::to_string(n); }

struct QmailSend : testing::Test {
    TempHome home;
    QmailSend()
    {
        home.control("locals", "here.example");
        home.control("virtualdomains", "virt.example:virt\n.sub.example:sub\n");
    }
};

TEST_F(QmailSend, DeliversAndLogsWordForWord)
{
    const auto n = lay_message(home, "joe@a.example", {"ann@here.example", "bob@far.example"});
    Sending send(home);
    EXPECT_EQ(send.next_line(), "status: local 0/10 remote 0/20");
    EXPECT_EQ(send.next_line(), "new msg " + n_(n));
    EXPECT_EQ(send.next_line(),
              "info msg " + n_(n) + ": bytes 17 from <joe@a.example> qp 4711 uid 1001");
    EXPECT_EQ(send.next_line(), "starting delivery 1: msg " + n_(n) + " to local ann@here.example");
    EXPECT_EQ(send.next_line(), "status: local 1/10 remote 0/20");
    EXPECT_EQ(send.next_line(), "starting delivery 2: msg " + n_(n) + " to remote bob@far.example");
    EXPECT_EQ(send.next_line(), "status: local 1/10 remote 1/20");

    const auto job = send.next_job(local);
    ASSERT_TRUE(job);
    EXPECT_EQ(job->number, 0u);
    EXPECT_EQ(job->message, n_(n % 3) + '/' + n_(n));
    EXPECT_EQ(job->sender, "joe@a.example");
    EXPECT_EQ(job->recipient, "ann@here.example");
    ASSERT_TRUE(send.next_job(remote));
    send.report(local, 0, 'K', "did 1+0+0\n");
    EXPECT_EQ(send.next_line(), "delivery 1: success: did_1+0+0/");
    EXPECT_EQ(send.next_line(), "status: local 0/10 remote 1/20");
    EXPECT_FALSE(status_if_there(queue_path(home, "local", n)));
    send.report(remote, 0, 'K', "1.2.3.4 accepted message.\n50% ok");
    EXPECT_EQ(send.next_line(), "delivery 2: success: 1.2.3.4_accepted_message./50__ok");
    EXPECT_EQ(send.next_line(), "status: local 0/10 remote 0/20");
    EXPECT_EQ(send.next_line(), "end msg " + n_(n));
    EXPECT_TRUE(wait_until([&] { return home.queue_files().empty(); }));
    EXPECT_EQ(send.stop()->code, 0);
    EXPECT_EQ(send.next_line(), "status: exiting");
}

TEST_F(QmailSend, AsksSpawnersThatMayBeOursForMore)
{
    home.control("concurrencylocal", "20000");
    home.control("concurrencyremote", "300");
    const auto n = lay_message(home, "joe@a.example", {"bob@far.example"});
    Sending send(home, {.environment = {"QMAILSPAWNEXT=1"}});
    const auto asked = send.next_job(local);
    ASSERT_TRUE(asked);
    EXPECT_TRUE(queue::is_question(*asked));
    send.write_raw(local, encode(encode(queue::Offer{700})));
    ASSERT_TRUE(send.next_job(remote));
    send.write_raw(remote,
                   "\xffZInternal error: delnum too big. (#4.3.5)\n" + std::string(1, '\0'));
    EXPECT_EQ(send.next_line(), "status: local 0/700 remote 0/20");
    EXPECT_EQ(send.lines_until("starting").back(),
              "starting delivery 1: msg " + n_(n) + " to remote bob@far.example");
}

TEST_F(QmailSend, MoreThanAByteCountsRunAtOnce)
{
    home.control("concurrencyremote", "400");
    std::vector<std::string> recipients;
    for (int i = 0; i < 400; ++i) recipients.push_back("r" + std::to_string(i) + "@far.example");
    const auto n = lay_message(home, "joe@a.example", recipients);
    Sending send(home, {.environment = {"QMAILSPAWNEXT=1"}});
    for (const auto channel : {local, remote}) {
        ASSERT_TRUE(send.next_job(channel));
        send.write_raw(channel, encode(encode(queue::Offer{400})));
    }
    EXPECT_EQ(send.next_line(), "status: local 0/10 remote 0/400");
    std::set<unsigned> numbers;
    for (int i = 0; i < 400; ++i) {
        const auto job = send.next_job(remote);
        ASSERT_TRUE(job);
        numbers.insert(job->number);
    }
    EXPECT_EQ(numbers.size(), 400u);
    EXPECT_EQ(*numbers.rbegin(), 400u);
    EXPECT_FALSE(numbers.contains(queue::question_number));
    send.lines_until("status: local 0/10 remote 400/400");
    for (const auto number : numbers) send.report(remote, number, 'K', "fine\n");
    EXPECT_EQ(send.lines_until("end msg").back(), "end msg " + n_(n));
    EXPECT_EQ(send.stop()->code, 0);
}

TEST_F(QmailSend, RunsOnlyOnce)
{
    Sending first(home);
    EXPECT_EQ(first.next_line(), "status: local 0/10 remote 0/20");
    Sending second(home);
    EXPECT_EQ(second.next_line(), "alert: cannot start: qmail-send is already running");
    EXPECT_EQ(second.wait()->code, 111);
}

TEST_F(QmailSend, WithoutASpawnerDoesNotStart)
{
    Sending send(home, {.local_limit = 1, .spawners = false});
    EXPECT_EQ(send.next_line(), "alert: cannot start: hath the daemon spawn no fire?");
    EXPECT_EQ(send.wait()->code, 111);
}

TEST_F(QmailSend, EndsWhenQmailCleanIsGone)
{
    const auto n = lay_message(home, "a@far.example", {"ann@here.example", "bob@here.example"});
    Sending send(home, {.local_limit = 1, .clean = false});
    EXPECT_EQ(send.clean_request(), "todo/" + n_(n));
    send.hang_up_clean();
    EXPECT_EQ(send.lines_until("status: exiting").end()[-2],
              "alert: oh no! lost qmail-clean connection! dying...");
    EXPECT_EQ(send.wait()->code, 0);
    EXPECT_NE(home.read("queue/todo/" + n_(n)), "");
}

TEST_F(QmailSend, AMessageThatCannotBeTakenFromTodoWaits)
{
    const auto n = lay_message(home, "a@far.example", {"ann@here.example", "bob@here.example"});
    Sending send(home, {.local_limit = 1, .clean = false});
    send.clean_request();
    send.clean_answer('!');
    EXPECT_EQ(send.lines_until("warning").back(),
              "warning: qmail-clean unable to clean up todo/" + n_(n));
    // The next look finds everything written, and only asks again.
    pull_trigger(home);
    EXPECT_EQ(send.clean_request(), "todo/" + n_(n));
    remove_file(queue_path(home, "todo", n));
    send.clean_answer('+');
    EXPECT_EQ(send.lines_until("starting").back(),
              "starting delivery 1: msg " + n_(n) + " to local ann@here.example");
}

TEST_F(QmailSend, MarksSurviveARemovalThatAPowerCutUndid)
{
    const auto n =
        lay_sorted(home, zeros("Fa@far.example|"), "", zeros("Dx@far.example|Ty@far.example|"),
                   std::time(nullptr), std::time(nullptr));
    spill(queue_path(home, "todo", n),
          zeros("u1|p2|Fa@far.example|Tx@far.example|Ty@far.example|"));
    Sending send(home);
    EXPECT_EQ(send.lines_until("starting").back(),
              "starting delivery 1: msg " + n_(n) + " to remote y@far.example");
    send.report(remote, 0, 'K', "ok");
    EXPECT_TRUE(wait_until([&] { return home.queue_files().empty(); }));
}

TEST_F(QmailSend, MailGoesOnWithoutALog)
{
    Sending send(home);
    send.next_line();
    send.close_log();
    lay_message(home, "a@far.example", {"ann@here.example"});
    ASSERT_TRUE(send.next_job(local));
    send.report(local, 0, 'K', "ok");
    EXPECT_TRUE(wait_until([&] { return home.queue_files().empty(); }));
    EXPECT_EQ(send.stop()->code, 0);
}

TEST_F(QmailSend, AFailureThatCannotBeWrittenIsKeptUntilItCan)
{
    const auto n = lay_message(home, "#@[]", {"x@far.example", "y@far.example"});
    Sending send(home, {.remote_limit = 1});   // so that it is sorted first
    ASSERT_TRUE(send.next_job(remote));
    std::filesystem::rename(home / "queue/bounce", home / "queue/away");
    send.report(remote, 0, 'D', "no");
    EXPECT_EQ(send.lines_until("alert").back(),
              "alert: unable to append to bounce message; HELP! sleeping...");
    EXPECT_EQ(slurp(queue_path(home, "remote", n)), zeros("Tx@far.example|Ty@far.example|"));
    std::filesystem::rename(home / "queue/away", home / "queue/bounce");
    EXPECT_EQ(send.stop()->code, 0);   // tries once more before it goes
    EXPECT_EQ(slurp(queue_path(home, "bounce", n)), "<x@far.example>:\nno\n\n");
    EXPECT_EQ(slurp(queue_path(home, "remote", n)), zeros("Dx@far.example|Ty@far.example|"));
}

TEST_F(QmailSend, ATornParagraphIsNotSent)
{
    const auto now = std::time(nullptr);
    const auto n = lay_sorted(home, zeros("Fs@a.example|"), "", "", now, now);
    spill(queue_path(home, "bounce", n), "<x@far.example>:\nno\n\n<y@far.ex", 0600);
    home.write("stand-in", "#!/bin/sh\ncat >" + (home / "sent") + "\nexit 0\n", 0755);
    Sending send(home, {.environment = {"QMAILQUEUE=" + (home / "stand-in")}});
    EXPECT_THAT(send.lines_until("bounce msg").back(), HasSubstr("bounce msg " + n_(n) + " qp "));
    EXPECT_THAT(home.read("sent"), HasSubstr("<x@far.example>:\nno\n\n--- Below"));
}

TEST_F(QmailSend, ACrashedSubmissionIsCleanedUpAfter36Hours)
{
    const auto now = std::time(nullptr);
    const auto old = lay_mess(home, "old"), young = lay_mess(home, "young");
    const auto known =
        lay_sorted(home, zeros("Fs@a.example|"), "", zeros("Tx@far.example|"), now, now + 3600);
    for (const auto n : {old, known}) set_age(queue_path(home, "mess", n), now - 40 * 3600);
    set_age(queue_path(home, "mess", young), now - 35 * 3600);
    Sending send(home, {.clean = false});
    EXPECT_EQ(send.clean_request(), "foop/" + n_(old));
    send.clean_answer('+');
    EXPECT_EQ(send.stop()->code, 0);
    EXPECT_EQ(send.clean_request(), "(none)");
}

TEST_F(QmailSend, MessIsTheLastNameToGo)
{
    const auto n = lay_message(home, "a@far.example", {"ann@here.example", "bob@here.example"});
    Sending send(home, {.local_limit = 1, .clean = false});
    send.clean_request();
    remove_file(queue_path(home, "todo", n));
    send.clean_answer('+');
    ASSERT_TRUE(send.next_job(local));
    send.report(local, 0, 'K', "ok");
    ASSERT_TRUE(send.next_job(local));
    send.report(local, 0, 'K', "ok");
    EXPECT_EQ(send.clean_request(), "foop/" + n_(n));
    EXPECT_THAT(home.queue_files(), ElementsAre("mess/" + n_(n % 3) + '/' + n_(n)));
}

TEST_F(QmailSend, ATriggerInTheMiddleOfAScanIsNotLost)
{
    home.control("concurrencylocal", "100");
    Sending send(home, {.local_limit = 100});
    constexpr int count = 60;
    for (int i = 0; i < count; ++i) lay_message(home, "a@far.example", {"ann@here.example"});
    for (int i = 0; i < count; ++i) ASSERT_TRUE(send.next_job(local)) << i;
    for (int i = 0; i < count; ++i) send.report(local, static_cast<unsigned>(i), 'K', "ok");
    EXPECT_TRUE(wait_until([&] { return home.queue_files().empty(); }));
    EXPECT_EQ(send.stop()->code, 0);
}

TEST_F(QmailSend, AnUnreadableSettingStopsTheStart)
{
    home.no_control("locals");
    make_directory(home / "control/locals", 0755);
    Sending send(home);
    EXPECT_EQ(send.next_line(), "alert: cannot start: unable to read controls");
    EXPECT_EQ(send.wait()->code, 111);
}

TEST_F(QmailSend, AnUnreadableSettingAtHupLeavesTheOldOnes)
{
    Sending send(home);
    send.next_line();
    home.no_control("locals");
    make_directory(home / "control/locals", 0755);
    send.process().kill(SIGHUP);
    EXPECT_EQ(send.next_line(), "alert: unable to reread control/locals");
    lay_message(home, "a@far.example", {"ann@here.example"});
    EXPECT_TRUE(send.next_job(local));
}

}
}
