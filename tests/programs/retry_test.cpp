// Deferred mail: tried again when asked and when due, given up when too old; and what a restart
// remembers.
#include "programs/pipeline.hpp"

#include "base/sys/file.hpp"

#include <csignal>

using namespace grapnel::test;

using Retry = Pipeline;

TEST_F(Retry, AlarmTriesAtOnceAndOnlyThoseThatWait)
{
    SmtpScript far(std::vector<ScriptBehaviour>{{.rules = {{"RCPT", "450 later"}}}, {}});
    next_hop(far.route());
    Instance mta(home);
    SmtpClient(mta.port()).deliver("", {"joe@here.example", "x@far.example"}, a_message());
    ASSERT_TRUE(mta.wait_for_log("deferral: ")) << mta.log();
    ASSERT_TRUE(wait_for_maildir(maildir, 1));
    mta.alarm();
    ASSERT_TRUE(far.wait_for_messages(1)) << mta.log();
    EXPECT_TRUE(mta.wait_until_empty());
    EXPECT_EQ(maildir_count(maildir), 1u);
}

TEST_F(Retry, ARestartKnowsWhatWasDone)
{
    SmtpScript far(std::vector<ScriptBehaviour>{{.rules = {{"RCPT", "450 later"}}}, {}});
    next_hop(far.route());
    Instance mta(home);
    SmtpClient(mta.port()).deliver("", {"joe@here.example", "x@far.example"}, a_message());
    ASSERT_TRUE(mta.wait_for_log("deferral: ")) << mta.log();
    ASSERT_TRUE(wait_for_maildir(maildir, 1));
    ASSERT_TRUE(mta.stop_send()) << mta.log();
    mta.start_send();
    mta.alarm();
    ASSERT_TRUE(far.wait_for_messages(1)) << mta.log();
    EXPECT_TRUE(mta.wait_until_empty());
    EXPECT_EQ(maildir_count(maildir), 1u);
}

TEST_F(Retry, DueTimesAreKeptInTheFilesTimes)
{
    next_hop("127.0.0.1:" + std::to_string(free_port()));
    Instance mta(home, {.smtpd = false});
    const auto result = run({.argv = {home.program("qmail-inject"), "-f", "", "x@far.example"},
                             .environment = home.environment()},
                            a_message());
    ASSERT_EQ(result.ending.code, 0) << result.errors;
    ASSERT_TRUE(mta.wait_for_log("deferral: ")) << mta.log();
    ASSERT_TRUE(mta.stop());
    std::string info, remote;
    for (const auto& file : home.queue_files()) {
        if (file.starts_with("info/")) info = file;
        if (file.starts_with("remote/")) remote = file;
    }
    const auto birth = grapnel::status_if_there(home / ("queue/" + info))->st_mtime;
    const auto due = grapnel::status_if_there(home / ("queue/" + remote))->st_mtime;
    // (isqrt(now - birth) + 20)^2 for an attempt within the first seconds; a second is lost in
    // rounding at most.
    EXPECT_GE(due - birth, 399);
    EXPECT_LE(due - birth, 30 * 30);
}

TEST_F(Retry, WhatIsTooOldIsTriedOnceMoreAndBounced)
{
    SmtpScript far({.rules = {{"RCPT", "450 4.2.1 later"}}});
    next_hop(far.route());
    Instance mta(home);
    SmtpClient(mta.port()).deliver("joe@here.example", {"x@far.example"}, a_message());
    ASSERT_TRUE(mta.wait_for_log("deferral: ")) << mta.log();
    ASSERT_TRUE(mta.stop_send());
    for (const auto& file : home.queue_files())
        if (file.starts_with("info/"))
            grapnel::set_times(home / ("queue/" + file), std::time(nullptr) - 700000);
    mta.start_send();
    mta.alarm();
    ASSERT_TRUE(wait_for_maildir(maildir, 1)) << mta.log();
    const auto notice = maildir_messages(maildir)[0];
    EXPECT_NE(notice.find("Remote host said: 450 4.2.1 later\nGiving up on 127.0.0.1.\nI'm not "
                          "going to try again; this "
                          "message has been in the queue too long.\n"),
              std::string::npos)
        << notice;
    EXPECT_TRUE(mta.wait_until_empty());
}

TEST_F(Retry, ALifetimeOfNothingMeansOneAttempt)
{
    SmtpScript far({.rules = {{"", "421 busy", After::cut}}});
    next_hop(far.route());
    home.control("queuelifetime", "0");
    Instance mta(home);
    SmtpClient(mta.port()).deliver("joe@here.example", {"x@far.example"}, a_message());
    // An attempt within the second of birth still defers; the next one, here at the alarm, is the
    // last.
    ASSERT_TRUE(mta.wait_for_log("\ndelivery 1: ")) << mta.log();
    wait_until([&] {
        if (maildir_count(maildir) == 0) mta.alarm();
        return maildir_count(maildir) == 1;
    });
    ASSERT_EQ(maildir_count(maildir), 1u) << mta.log();
    EXPECT_NE(maildir_messages(maildir)[0].find("this message has been in the queue too long.\n"),
              std::string::npos);
}

TEST_F(Retry, HangupReadsLocalsAndVirtualdomainsAgain)
{
    SmtpScript far;
    next_hop(far.route());
    home.control("rcpthosts", "here.example\nnew.example");
    Instance mta(home);
    home.control("locals", "here.example\nnew.example");
    mta.send().kill(SIGHUP);
    // The signal is taken between two messages: at the latest the second one knows.
    const auto local = [&] { return mta.log_count("to local joe@new.example") > 0; };
    EXPECT_TRUE(wait_until([&] {
        SmtpClient(mta.port()).deliver("", {"joe@new.example"}, a_message());
        mta.wait_until_empty();
        return local();
    }));
}

TEST_F(Retry, TermWaitsForWhatRuns)
{
    dot_qmail(
        "|touch begun; while test ! -e go; do sleep 0.02; done; cat > done.new; mv done.new done\n",
        "slow");
    Instance mta(home);
    SmtpClient(mta.port()).deliver("", {"joe-slow@here.example"}, a_message());
    ASSERT_TRUE(wait_until([&] { return grapnel::status_if_there(joe + "/begun").has_value(); }))
        << mta.log();
    mta.send().kill(SIGTERM);
    EXPECT_FALSE(mta.send().wait(milliseconds(100))) << "it does not wait";
    spill(joe + "/go", "");
    const auto ending = mta.send().wait();
    ASSERT_TRUE(ending);
    EXPECT_TRUE(ending->success());
    EXPECT_EQ(mta.log_count("success: did_0+0+1/"), 1u) << mta.log();
    EXPECT_NE(mta.log().find(" exitasap\nend msg "), std::string::npos) << mta.log();
    EXPECT_TRUE(mta.log().ends_with("status: exiting\n"));
    EXPECT_TRUE(home.queue_files().empty());
}
