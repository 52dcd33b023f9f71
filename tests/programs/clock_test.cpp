// Clocks that jump by years, under programs that run.
#include "programs/pipeline.hpp"

#include "base/sys/file.hpp"
#include "support/faulty.hpp"

#include <csignal>
#include <filesystem>
#include <optional>
#include <thread>

using namespace grapnel::test;

namespace {
constexpr std::chrono::hours ten_years{24 * 3652};
}

struct Clocks : Pipeline {
    Faulty faulty;
    const InstanceOptions with_clocks{.environment = faulty.environment()};

    void deliver(const Instance& mta, const std::string& recipient)
    {
        ASSERT_TRUE(SmtpClient(mta.port())
                        .deliver("joe@here.example", {recipient}, a_message())
                        .starts_with("250 "));
    }
};

TEST_F(Clocks, AForwardJumpGivesUpNothingBeforeAnotherAttempt)
{
    // Each message is put off once; the first one is taken at its second attempt, the other is not.
    SmtpScript far({.rules = {{"RCPT TO:<later@", "450 later"}}});
    SmtpScript busy(std::vector<ScriptBehaviour>{{.rules = {{"", "421 busy", After::cut}}}, {}});
    home.control("smtproutes", "far.example:" + far.route() + "\nbusy.example:" + busy.route());
    Instance mta(home, with_clocks);
    deliver(mta, "x@busy.example");
    ASSERT_TRUE(wait_until([&] { return mta.log_count(": deferral: ") == 1; })) << mta.log();
    deliver(mta, "later@far.example");
    ASSERT_TRUE(wait_until([&] { return mta.log_count(": deferral: ") == 2; })) << mta.log();
    faulty.set_wall_clock(ten_years);
    // A message that goes all the way after the jump: by then qmail-send knows the new time.
    deliver(mta, "joe@here.example");
    ASSERT_TRUE(wait_for_maildir(maildir, 1)) << mta.log();
    EXPECT_EQ(mta.log_count("failure: "), 0u) << mta.log();
    mta.alarm();
    ASSERT_TRUE(busy.wait_for_messages(1)) << mta.log();
    // The one that failed after the jump is too old now.
    ASSERT_TRUE(wait_for_maildir(maildir, 2)) << mta.log();
    EXPECT_EQ(mta.log_count("failure: "), 1u) << mta.log();
    EXPECT_TRUE(mta.wait_until_empty()) << mta.log();
    EXPECT_TRUE(mta.stop()) << mta.log();
}

TEST_F(Clocks, ARestartAfterAForwardJumpTriesEverythingOnceMore)
{
    SmtpScript far(std::vector<ScriptBehaviour>{{.rules = {{"RCPT", "450 later"}}}, {}});
    next_hop(far.route());
    Instance mta(home, with_clocks);
    deliver(mta, "x@far.example");
    ASSERT_TRUE(mta.wait_for_log(": deferral: ")) << mta.log();
    ASSERT_TRUE(mta.stop_send());
    faulty.set_wall_clock(ten_years);
    mta.start_send();
    EXPECT_TRUE(far.wait_for_messages(1)) << mta.log();
    EXPECT_TRUE(mta.wait_until_empty()) << mta.log();
    EXPECT_EQ(mta.log_count("failure: "), 0u) << mta.log();
}

TEST_F(Clocks, ABackwardJumpStopsNothing)
{
    SmtpScript far(std::vector<ScriptBehaviour>{{.rules = {{"RCPT", "450 later"}}}, {}});
    next_hop(far.route());
    Instance mta(home, with_clocks);
    deliver(mta, "x@far.example");
    ASSERT_TRUE(mta.wait_for_log(": deferral: ")) << mta.log();
    faulty.set_wall_clock(-ten_years);
    deliver(mta, "joe@here.example");
    EXPECT_TRUE(wait_for_maildir(maildir, 1)) << mta.log();
    // Born in the future is as good as just born.
    ASSERT_TRUE(mta.stop_send());
    mta.start_send();
    mta.alarm();
    EXPECT_TRUE(far.wait_for_messages(1)) << mta.log();
    EXPECT_TRUE(mta.wait_until_empty()) << mta.log();
    EXPECT_EQ(mta.log_count("failure: "), 0u) << mta.log();
}

// A client in the middle of a message, part of which is in the queue.
struct HalfAMessage : Clocks {
    std::optional<Instance> mta;
    std::optional<SmtpClient> client;

    void begin()
    {
        mta.emplace(home, with_clocks);
        client.emplace(mta->port());
        client->command("EHLO c.example");
        client->command("MAIL FROM:<>");
        client->command("RCPT TO:<joe@here.example>");
        ASSERT_EQ(client->command("DATA"), "354 go ahead");
        client->send("Subject: slow\r\n\r\n" + std::string(100000, 'x') + "\r\n");
        ASSERT_TRUE(wait_until([&] { return has_mess(); }));
        ASSERT_TRUE(mta->stop_send());
    }
    bool has_mess() const
    {
        for (const auto& file : home.queue_files())
            if (file.starts_with("mess/")) return true;
        return false;
    }
};

// It is not what a crash left, however old it looks.
TEST_F(HalfAMessage, IsNoLitterAfterAJump)
{
    home.control("queued", "0");   // qmail-queued ends with qmail-send, qmail-queue does not
    begin();
    // qmail-send waits for this directory before it looks for litter; meanwhile the clock jumps.
    const auto info = home / "queue/info/0", away = home / "away";
    std::filesystem::rename(info, away);
    std::thread jump([&] {
        EXPECT_TRUE(mta->wait_for_log("alert: unable to opendir info/0, sleeping..."));
        faulty.set_wall_clock(ten_years);
        std::filesystem::rename(away, info);
    });
    mta->start_send();
    jump.join();
    SmtpClient(mta->port()).deliver("", {"joe@here.example"}, a_message());
    ASSERT_TRUE(wait_for_maildir(maildir, 1)) << mta->log();
    const auto reply = client->command("\r\n.");
    EXPECT_TRUE(reply.starts_with("250 ")) << reply << '\n' << mta->smtpd_log();
    EXPECT_TRUE(wait_for_maildir(maildir, 2)) << mta->log();
}

// A qmail-send that began after the jump knows no better: then nobody may hear 250.
TEST_F(HalfAMessage, IsNotAcknowledgedWhenItWasTakenForLitter)
{
    begin();
    faulty.set_wall_clock(ten_years);
    mta->start_send();
    ASSERT_TRUE(wait_until([&] { return !has_mess(); })) << mta->log();
    const auto reply = client->command("\r\n.");
    EXPECT_TRUE(reply.starts_with("451 4.3.0 ")) << reply;
    EXPECT_TRUE(wait_until([&] { return home.queue_files().empty(); }));
}

TEST_F(Clocks, AJumpEndsNoSession)
{
    Instance mta(home, with_clocks);
    SmtpClient client(mta.port());
    client.command("EHLO c.example");
    for (const auto jump : {ten_years, -ten_years}) {
        faulty.set_wall_clock(jump);
        EXPECT_TRUE(client.command("NOOP").starts_with("250 "));
        client.command("MAIL FROM:<>");
        client.command("RCPT TO:<joe@here.example>");
        EXPECT_EQ(client.command("DATA"), "354 go ahead");
        EXPECT_TRUE(client.command("Subject: x\r\n\r\nx\r\n.").starts_with("250 "));
    }
    EXPECT_TRUE(wait_for_maildir(maildir, 2)) << mta.log();
}

// One byte now and then keeps a session only for five minutes of one line.
TEST_F(Clocks, ALineThatNeverEndsIsNotWaitedFor)
{
    Instance mta(home, with_clocks);
    SmtpClient client(mta.port());
    client.send("N");
    ASSERT_TRUE(client.command("OOP").starts_with("250 "));   // in two pieces: that is allowed
    client.send("NO");
    SmtpClient(mta.port()).command("NOOP");   // by now the server has read the beginning
    faulty.set_steady_clock(std::chrono::seconds(301), "qmail-smtpd");
    client.send("O");
    EXPECT_TRUE(client.reply().starts_with("421 4.4.2 ")) << mta.smtpd_log();
    EXPECT_TRUE(client.closed());
}
