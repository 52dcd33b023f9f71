// The built qmail-remote, TLS and passwords: against a scripted server, and our own submission
// server.
#include "remote/remote_program.hpp"

#include "base/base64.hpp"
#include "support/instance.hpp"
#include "support/smtp_client.hpp"
#include "support/tls.hpp"

#include <gmock/gmock.h>

#include <filesystem>

using namespace grapnel;
using namespace grapnel::test;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using std::string_literals::operator""s;

namespace {

const std::string plain_joe = "AUTH PLAIN " + to_base64("\0joe\0secret"s);

class RemoteTls : public RemoteProgram {
protected:
    ScriptBehaviour speaking_tls(std::vector<std::string> extensions = {"STARTTLS"})
    {
        return {.extensions = std::move(extensions), .tls = tls_side(server)};
    }

    // A relay that wants a password, and is verified by our own authority.
    void log_in_at(const SmtpScript& relay, const std::string& password = "secret")
    {
        home.control("smtproutes", ":" + relay.route() + "|joe|" + password);
        home.control("serverca.pem", authority.certificate);
    }

    Issued authority = make_certificate("authority.example");
    Issued server = make_certificate("127.0.0.1", "IP:127.0.0.1,DNS:relay.example", &authority);
    ScriptBehaviour asking = {.extensions = {"STARTTLS", "AUTH PLAIN LOGIN"},
                              .rules = {{"AUTH PLAIN", "235 2.7.0 hello"}}};
    void SetUp() override { asking.tls = tls_side(server); }
};

}

TEST_F(RemoteTls, IsUsedWhereItIsOfferedWhoeverItIs)
{
    SmtpScript peer(speaking_tls());
    EXPECT_THAT(deliver_to(peer),
                StartsWith("r\0K127.0.0.1 accepted message.\nIt went by TLSv1.3 with TLS_"s));
    ASSERT_TRUE(peer.wait_for_sessions_ended(1));
    EXPECT_TRUE(peer.sessions()[0].encrypted);
    EXPECT_THAT(peer.sessions()[0].commands,
                ElementsAre("EHLO here.example", "STARTTLS", "EHLO here.example",
                            "MAIL FROM:<s@here.example>", "RCPT TO:<r@far.example>", "DATA",
                            "QUIT"));
    EXPECT_THAT(peer.messages(), ElementsAre(message));
}

TEST_F(RemoteTls, ALargeMessageArrivesWhole)
{
    SmtpScript peer(speaking_tls());
    std::string text = "Subject: large\n\n";
    for (int i = 0; i < 60000; ++i) text += std::to_string(i) + " of many lines\n";
    EXPECT_THAT(deliver_to(peer, {"r@far.example"}, text), StartsWith("r\0K"s));
    ASSERT_TRUE(peer.wait_for_messages(1));
    EXPECT_EQ(peer.messages()[0], text);
}

TEST_F(RemoteTls, CanBeSwitchedOff)
{
    const auto sent_in_the_clear = [&] {
        SmtpScript peer(speaking_tls());
        const auto report = deliver_to(peer);
        return report.starts_with("r\0K127.0.0.1 accepted message.\nRemote"s) &&
               !peer.sessions()[0].encrypted;
    };
    home.control("remoteext", "-STARTTLS");
    EXPECT_TRUE(sent_in_the_clear());
    home.no_control("remoteext");
    home.control("tlsdestinations", "far.example:none");
    EXPECT_TRUE(sent_in_the_clear());
    home.no_control("tlsdestinations");
    std::filesystem::create_directories(home / "control/notlshosts");
    home.write("control/notlshosts/127.0.0.1", "");
    EXPECT_TRUE(sent_in_the_clear());
    std::filesystem::remove_all(home / "control/notlshosts");
    std::filesystem::create_directories(home / "control/tlshosts");
    home.write("control/tlshosts/exhaustivelist", "");
    EXPECT_TRUE(sent_in_the_clear());
}

TEST_F(RemoteTls, WhereItDoesNotWorkTheMailGoesInTheClear)
{
    SmtpScript peer({.extensions = {"STARTTLS"}});   // says 220, and hangs up
    EXPECT_THAT(deliver_to(peer), StartsWith("r\0K127.0.0.1 accepted message.\nRemote host said"s));
    ASSERT_TRUE(peer.wait_for_sessions_ended(2));
    EXPECT_THAT(peer.sessions()[0].commands, ElementsAre("EHLO here.example", "STARTTLS"));
    EXPECT_THAT(peer.sessions()[1].commands, Not(Contains("STARTTLS")));
}

TEST_F(RemoteTls, WordsBeforeTheHandshakeAreAnAttack)
{
    home.control("tlsdestinations", "*:encrypt");
    auto behaviour = speaking_tls();
    behaviour.rules = {{"STARTTLS", "220 go\n250 AUTH PLAIN"}};
    SmtpScript peer(behaviour);
    EXPECT_EQ(deliver_to(peer),
              "ZConnected to 127.0.0.1 but TLS with 127.0.0.1 failed: something was "
              "said before its turn. (#4.7.5)\n\0"s);
}

TEST_F(RemoteTls, AMustIsKept)
{
    home.control("tlsdestinations", "far.example:encrypt");
    {
        SmtpScript peer;
        EXPECT_EQ(deliver_to(peer),
                  "ZConnected to 127.0.0.1 but 127.0.0.1 does not offer TLS, without "
                  "which it is to have no mail. (#4.7.5)\n\0"s);
    }
    home.control("tlsdestinations", "far.example:verify");
    {
        SmtpScript peer(speaking_tls());
        EXPECT_THAT(deliver_to(peer),
                    StartsWith("ZConnected to 127.0.0.1 but TLS with 127.0.0.1 failed: "
                               "unable to get local issuer certificate. (#4.7.5)\n"));
        EXPECT_TRUE(peer.messages().empty());
    }
    home.control("serverca.pem", authority.certificate);
    {
        SmtpScript peer(speaking_tls());
        EXPECT_THAT(deliver_to(peer), StartsWith("r\0K"s));
    }
    server = make_certificate("other.example", "DNS:other.example", &authority);
    SmtpScript peer(speaking_tls());
    EXPECT_EQ(deliver_to(peer), "ZConnected to 127.0.0.1 but TLS with 127.0.0.1 failed: "
                                "IP address mismatch. (#4.7.5)\n\0"s);
}

TEST_F(RemoteTls, ATlshostsFileIsTheHostsAuthority)
{
    std::filesystem::create_directories(home / "control/tlshosts");
    home.write("control/tlshosts/127.0.0.1.pem", authority.certificate);
    {
        SmtpScript peer(speaking_tls());
        EXPECT_THAT(deliver_to(peer), StartsWith("r\0K"s));
    }
    home.write("control/tlshosts/127.0.0.1.pem", make_certificate("x").certificate);
    SmtpScript peer(speaking_tls());
    EXPECT_THAT(deliver_to(peer),
                StartsWith("ZConnected to 127.0.0.1 but TLS with 127.0.0.1 failed: "));
    SmtpScript clear;
    EXPECT_THAT(deliver_to(clear), HasSubstr("does not offer TLS"));
    home.write("control/tlshosts/127.0.0.1.pem", "nothing");
    EXPECT_THAT(deliver_to(peer),
                StartsWith("ZUnable to verify servers by control/tlshosts/127.0.0.1.pem: "));
}

TEST_F(RemoteTls, OurCertificateIsShown)
{
    home.control("clientcert.pem", make_certificate("we.example").both());
    SmtpScript peer(speaking_tls());
    EXPECT_THAT(deliver_to(peer), StartsWith("r\0K"s));
    EXPECT_EQ(peer.sessions()[0].client, "we.example");
    home.control("clientcert.pem", "no certificate");
    SmtpScript other(speaking_tls());
    EXPECT_THAT(deliver_to(other), StartsWith("r\0K"s));
    EXPECT_EQ(other.sessions()[0].client, "");
}

TEST_F(RemoteTls, APasswordGoesToWhoHasProvedHisName)
{
    SmtpScript relay(asking);
    log_in_at(relay);
    EXPECT_THAT(deliver(), StartsWith("r\0K127.0.0.1 accepted message.\n"s));
    ASSERT_TRUE(relay.wait_for_sessions_ended(1));
    EXPECT_THAT(relay.sessions()[0].commands,
                ElementsAre("EHLO here.example", "STARTTLS", "EHLO here.example", plain_joe,
                            "MAIL FROM:<s@here.example>", "RCPT TO:<r@far.example>", "DATA",
                            "QUIT"));
}

TEST_F(RemoteTls, APasswordGoesToNobodyElse)
{
    const auto keeps_it = [&](const ScriptBehaviour& behaviour) {
        SmtpScript relay(behaviour);
        home.control("smtproutes", ":" + relay.route() + "|joe|secret");
        const auto report = deliver();
        EXPECT_THAT(report, StartsWith("ZConnected to 127.0.0.1 but "));
        EXPECT_THAT(report, HasSubstr("(#4.7.5)"));
        for (const auto& session : relay.sessions())
            for (const auto& command : session.commands)
                if (command.starts_with("AUTH") || command.starts_with("MAIL")) return false;
        return true;
    };
    EXPECT_TRUE(keeps_it(asking)) << "an unknown authority";
    auto clear = asking;
    clear.extensions = {"AUTH PLAIN"};
    EXPECT_TRUE(keeps_it(clear)) << "no TLS";
    home.control("tlsdestinations", "*:none\nfar.example:none\n.0.0.1:may");
    EXPECT_TRUE(keeps_it(clear)) << "lines that do not name the relay";
    home.control("remoteext", "-STARTTLS");
    std::filesystem::create_directories(home / "control/notlshosts");
    home.write("control/notlshosts/127.0.0.1", "");
    EXPECT_TRUE(keeps_it(clear)) << "switches for TLS that are not about passwords";
}

TEST_F(RemoteTls, TheOperatorMayDemandLess)
{
    home.control("tlsdestinations", "127.0.0.1:encrypt");
    {
        SmtpScript relay(asking);
        home.control("smtproutes", ":" + relay.route() + "|joe|secret");
        EXPECT_THAT(deliver(), StartsWith("r\0K"s));
        EXPECT_THAT(relay.sessions()[0].commands, Contains(plain_joe));
    }
    home.control("tlsdestinations", "127.0.0.1:none");
    SmtpScript relay(asking);
    home.control("smtproutes", ":" + relay.route() + "|joe|secret");
    EXPECT_THAT(deliver(), StartsWith("r\0K"s));
    EXPECT_FALSE(relay.sessions()[0].encrypted);
    EXPECT_THAT(relay.sessions()[0].commands, Contains(plain_joe));
}

TEST_F(RemoteTls, TheRelayOfASenderComesFirst)
{
    SmtpScript relay(asking);
    home.control("serverca.pem", authority.certificate);
    home.control("smtproutes", ":127.0.0.1:1");
    home.control("authsenders", "@here.example:" + relay.route() + "|joe|secret");
    EXPECT_THAT(deliver(), StartsWith("r\0K"s));
    sender = "s@elsewhere.example";
    EXPECT_THAT(deliver(), StartsWith("ZSorry, I wasn't able to establish an SMTP connection."));
}

TEST_F(RemoteTls, AWrongPasswordIsOursToMend)
{
    asking.rules = {{"AUTH PLAIN", "535 5.7.8 no"}};
    SmtpScript relay(asking);
    log_in_at(relay);
    EXPECT_EQ(deliver(), "ZConnected to 127.0.0.1 but 127.0.0.1 did not let me log in.\n"
                         "Remote host said: 535 5.7.8 no\n\0"s);
}

// With a password that is kept for SCRAM, and one that a checker judges.
TEST_F(RemoteTls, LogsInAtOurOwnSubmissionServer)
{
    TempHome other;
    other.control("rcpthosts", "here.example");
    other.control("servercert.pem", server.both());
    std::filesystem::permissions(other / "control/servercert.pem",
                                 std::filesystem::perms::owner_read |
                                     std::filesystem::perms::owner_write);
    ASSERT_EQ(run({{other.program("qmail-saslpasswd"), "-i", "4096", "joe"}, other.environment()},
                  "secret\n"),
              0);
    const auto port = free_port();
    const Instance relay(
        other, {.send = false,
                .smtpd_arguments = {"--listen", "submission@127.0.0.1:" + std::to_string(port)}});
    home.control("serverca.pem", authority.certificate);
    const auto route = ":127.0.0.1:" + std::to_string(port) + "|joe|";
    home.control("smtproutes", route + "secret");
    EXPECT_THAT(deliver(), StartsWith("r\0K127.0.0.1 accepted message.\nIt went by TLSv1.3"s))
        << relay.smtpd_log();
    EXPECT_THAT(relay.smtpd_log(), HasSubstr("SCRAM-SHA-256"));
    home.control("smtproutes", route + "wrong");
    EXPECT_THAT(deliver(),
                StartsWith("ZConnected to 127.0.0.1 but 127.0.0.1 did not let me log in.\n"
                           "Remote host said: 535 "));
}
