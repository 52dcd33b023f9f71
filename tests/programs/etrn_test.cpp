// ETRN from a client's command to the delivery it starts: qmail-smtpd asks qmail-send.
#include "programs/pipeline.hpp"

#include <gmock/gmock.h>

#include <unistd.h>

#include <ctime>

using namespace grapnel::test;
using testing::HasSubstr;
using testing::StartsWith;

namespace {

class Etrn : public Pipeline, public testing::WithParamInterface<bool> {
protected:
    const ScriptBehaviour busy{.rules = {{"RCPT", "450 4.2.1 later"}}};
    SmtpScript far{std::vector<ScriptBehaviour>{busy, {}}},
        other{std::vector<ScriptBehaviour>{busy, {}}};

    Etrn()
    {
        home.control("smtpext", "+ETRN");
        home.control("smtproutes",
                     "far.example:" + far.route() + "\nother.example:" + other.route());
    }
    InstanceOptions frame() const { return {.one_shot = GetParam()}; }
    // Both have been refused for now.
    static void send_to_both(Instance& mta)
    {
        SmtpClient(mta.port()).deliver("", {"x@far.example"}, a_message());
        SmtpClient(mta.port()).deliver("", {"y@other.example"}, a_message());
        ASSERT_TRUE(wait_until([&] { return mta.log_count("deferral: ") == 2; })) << mta.log();
    }
};
INSTANTIATE_TEST_SUITE_P(In, Etrn, testing::Bool(), [](const auto& one_shot) {
    return one_shot.param ? "OneSession" : "Server";
});

TEST_P(Etrn, StartsOnlyTheMailForThatDomain)
{
    Instance mta(home, frame());
    send_to_both(mta);
    SmtpClient client(mta.port());
    EXPECT_THAT(client.command("EHLO far.example"), HasSubstr("ETRN"));
    EXPECT_EQ(client.command("ETRN FAR.example"),
              "253 2.0.0 ok, 1 pending messages for node far.example started");
    ASSERT_TRUE(far.wait_for_messages(1)) << mta.log();
    EXPECT_EQ(client.command("ETRN nobody.example"),
              "251 2.0.0 ok, no messages waiting for node nobody.example");
    EXPECT_THAT(client.command("ETRN far.example"), StartsWith("25")) << "for the second time";
    EXPECT_EQ(mta.log_count("to remote y@other.example"), 1u) << mta.log();
    EXPECT_EQ(other.messages().size(), 0u);
    EXPECT_THAT(mta.log(), HasSubstr("\nhasten far.example: 1 messages\n"));
    EXPECT_THAT(client.command("ETRN @other.example"), StartsWith("253 2.0.0 ok, 1 pending"));
    ASSERT_TRUE(other.wait_for_messages(1)) << mta.log();
    EXPECT_TRUE(mta.wait_until_empty());
    EXPECT_THAT(client.command("QUIT"), StartsWith("221"));
}

// Such hosts are left alone for an hour otherwise.
TEST_P(Etrn, TheHostIsTriedThoughItDidNotAnswerOfLate)
{
    Instance mta(home, frame());
    std::string silent{127, 0, 0, 1, 5, 0, 0, 0};
    for (int shift = 0; shift < 32; shift += 8)
        silent += static_cast<char>(static_cast<unsigned>(std::time(nullptr)) >> shift & 255);
    home.write("queue/lock/tcpto", silent + std::string(1024 - silent.size(), '\0'));
    SmtpClient(mta.port()).deliver("", {"x@far.example"}, a_message());
    ASSERT_TRUE(mta.wait_for_log("deferral: ")) << mta.log();
    EXPECT_EQ(far.sessions().size(), 0u);
    mta.alarm();
    ASSERT_TRUE(wait_until([&] { return mta.log_count("deferral: ") == 2; })) << mta.log();
    EXPECT_EQ(far.sessions().size(), 0u) << "the table counts";
    SmtpClient client(mta.port());
    client.command("EHLO far.example");
    EXPECT_THAT(client.command("ETRN far.example"), StartsWith("253 2.0.0"));
    ASSERT_TRUE(wait_until([&] { return far.sessions().size() == 1; })) << mta.log();
}

TEST_P(Etrn, FetchmailAsksForIt)
{
    if (::access("/usr/bin/fetchmail", X_OK) != 0)
        GTEST_SKIP() << "skipped: no /usr/bin/fetchmail (scripts/packages test)";
    Instance mta(home, frame());
    send_to_both(mta);
    spill(home / "fetchmailrc",
          "poll 127.0.0.1 protocol etrn port " + std::to_string(mta.port()) +
              " fetchdomains far.example sslproto \"\"\n",
          0600);
    const auto asked = run({.argv = {"/usr/bin/fetchmail", "-f", home / "fetchmailrc", "--nosyslog",
                                     "--pidfile", home / "fetchmail.pid", "-v"},
                            .environment = {"HOME=" + home.path(), "PATH=/usr/bin:/bin", "USER=joe",
                                            "FETCHMAILHOME=" + home.path()}});
    EXPECT_THAT(asked.output + asked.errors, HasSubstr("ETRN< 253 2.0.0 ok, 1 pending"));
    EXPECT_TRUE(far.wait_for_messages(1)) << mta.log();
    EXPECT_EQ(other.messages().size(), 0u);
}

TEST_P(Etrn, WithoutQmailSendTheClientIsToTryLater)
{
    Instance mta(home, frame());
    ASSERT_TRUE(mta.stop_send());
    SmtpClient client(mta.port());
    client.command("EHLO far.example");
    EXPECT_EQ(client.command("ETRN far.example"),
              "458 4.3.0 unable to queue messages for node far.example now (#4.3.0)");
    EXPECT_THAT(client.command("NOOP"), StartsWith("250"));
}

}
