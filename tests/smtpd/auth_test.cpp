// AUTH and submission by the built qmail-smtpd, in both frames: one session for each connection,
// and the server.
#include "base/base64.hpp"
#include "base/sys/file.hpp"
#include "base/text.hpp"
#include "inject/capture.hpp"
#include "smtpd/options.hpp"
#include "smtpd/sasl/scram_keys.hpp"
#include "smtpd/scram_client.hpp"
#include "support/instance.hpp"
#include "support/smtp_client.hpp"
#include "support/tcp_server.hpp"
#include "support/tls.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>

using namespace grapnel;
using namespace grapnel::test;
using namespace std::string_literals;
using grapnel::to_base64;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

namespace {

// Judges by the checkpassword interface, and keeps what it was told in a file.
const std::string judge_program = R"(#!/usr/bin/env python3
import os, sys, time
asked = os.read(3, 4096)
user, secret, detail = asked.split(b"\0")[:3]
with open(sys.argv[1], "ab") as log:
    log.write(asked + b"|" + b" ".join(os.fsencode(a) for a in sys.argv) + b"|" +
              b" ".join(k + b"=" + v for k, v in os.environb.items()) + b"\n")
if user == b"later": sys.exit(111)
if user == b"misused": sys.exit(2)
if user == b"crash": os.kill(os.getpid(), 9)
if user == b"slow": time.sleep(2)
if secret not in (b"secret", b"to.ken", b"news@here.example"): sys.exit(1)
os.execvp(sys.argv[2], sys.argv[2:])
)";

std::string plain(const std::string& user, const std::string& password)
{
    return "AUTH PLAIN " + to_base64('\0' + user + '\0' + password);
}

enum class Frame { one_session, server };

class Auth : public ::testing::TestWithParam<Frame> {
protected:
    Auth()
    {
        home.control("rcpthosts", "here.example");
        home.control("authclear", "1");
        home.control("maxconnrate", "0 0");
        home.write("judge", judge_program, 0755);
        home.control("checkpassword", home / "judge" + " " + asked_file() + " true");
    }

    std::string asked_file() const { return home / "asked"; }
    std::string asked() const { return home.read("asked"); }

    void start(const std::string& service = "submission", std::vector<std::string> variables = {},
               const std::vector<std::string>& checker = {})
    {
        for (const auto& variable : capture.environment()) variables.push_back(variable);
        variables.emplace_back("LSAN_OPTIONS=detect_leaks=0");
        if (GetParam() == Frame::server) {
            port_ = free_port();
            std::vector<std::string> arguments{"--workers", "2", "--listen",
                                               service + "@127.0.0.1:" + std::to_string(port_)};
            arguments.insert(arguments.end(), checker.begin(), checker.end());
            instance.emplace(home, InstanceOptions{.send = false,
                                                   .environment = variables,
                                                   .smtpd_arguments = arguments});
            return;
        }
        log = open_file(home / "smtpd.log", O_RDWR | O_CREAT | O_APPEND, 0644);
        std::vector<std::string> argv{home.program("qmail-smtpd"), "--as", service};
        argv.insert(argv.end(), checker.begin(), checker.end());
        Launch launch{argv, home.environment(variables)};
        launch.descriptors = {{2, log.get()}};
        sessions.emplace(std::move(launch));
        port_ = sessions->port();
    }

    SmtpClient client(const std::string& greeting = "EHLO c.example")
    {
        SmtpClient made(port_);
        ehlo = made.command(greeting);
        return made;
    }

    // Lines are written a moment after the reply.
    bool logged(const std::string& text) const
    {
        return wait_until([&] { return home.read("smtpd.log").find(text) != std::string::npos; });
    }

    void set_password(const std::string& user, const std::string& password)
    {
        ASSERT_EQ(run({{home.program("qmail-saslpasswd"), "-i", "4096", user}, home.environment()},
                      password + "\n"),
                  0);
    }

    TempHome home;
    Capture capture;
    std::string ehlo;
    Fd log;
    std::optional<Instance> instance;
    std::optional<TcpServer> sessions;
    Port port_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Frames, Auth, ::testing::Values(Frame::one_session, Frame::server),
                         [](const auto& frame) {
                             return frame.param == Frame::server ? "Server" : "OneSession";
                         });

TEST_P(Auth, EachStepHasItsReply)
{
    start();
    struct Exchange {
        std::string why;
        std::vector<std::pair<std::string, std::string>> steps;
    };
    const std::string joe = to_base64("joe"), secret = to_base64("secret");
    const std::vector<Exchange> exchanges{
        {"PLAIN with an initial response", {{plain("joe", "secret"), "235 2.7.0"}}},
        {"PLAIN without", {{"AUTH PLAIN", "334 "}, {to_base64("\0joe\0secret"s), "235 2.7.0"}}},
        {"LOGIN", {{"auth login", "334 VXNlcm5hbWU6"}, {joe, "334 UGFzc3dvcmQ6"}, {secret, "235"}}},
        {"LOGIN, the name at once", {{"AUTH LOGIN " + joe, "334 UGFzc3dvcmQ6"}, {secret, "235"}}},
        {"an empty initial response", {{"AUTH LOGIN =", "334 UGFzc3dvcmQ6"}, {"*", "501 5.7.0"}}},
        {"cancelled", {{"AUTH LOGIN", "334"}, {"*", "501 5.7.0"}, {plain("joe", "secret"), "235"}}},
        {"wrong", {{plain("joe", "geheim"), "535 5.7.8"}, {plain("joe", "secret"), "235"}}},
        {"bad base64",
         {{"AUTH PLAIN !", "501 5.5.2"},
          {"AUTH PLAIN " + joe + " x", "501 5.5.2"},
          {"AUTH PLAIN", "334 "},
          {"Zg", "501 5.5.2"},
          {"NOOP", "250"}}},
        {"bad syntax",
         {{"AUTH", "501 5.5.4"},
          {"AUTH CRAM-MD5", "504 5.5.4"},
          {"AUTH SCRAM-SHA-256", "504 5.5.4"},
          {"AUTH PLAIN " + joe, "501 5.5.2"}}},
        {"not twice", {{plain("joe", "secret"), "235"}, {plain("joe", "secret"), "503 5.5.1"}}},
        {"kept over EHLO",
         {{plain("joe", "secret"), "235"},
          {"EHLO again.example", "250"},
          {plain("joe", "secret"), "503 5.5.1"},
          {"MAIL FROM:<a@b.example>", "250"}}},
        {"not within a message",
         {{plain("joe", "secret"), "235"},
          {"MAIL FROM:<a@b.example>", "250"},
          {plain("joe", "secret"), "503 5.5.1"}}},
        {"needed", {{"MAIL FROM:<a@b.example>", "530 5.7.0"}, {"NOOP", "250"}}},
        {"the program is in trouble",
         {{plain("later", "secret"), "454 4.7.0"},
          {plain("misused", "secret"), "454 4.7.0"},
          {plain("crash", "secret"), "454 4.7.0"}}},
        {"AUTH of a sender",
         {{plain("joe", "secret"), "235"},
          {"MAIL FROM:<a@b.example> AUTH=joe", "250"},
          {"RSET", "250"},
          {"MAIL FROM:<a@b.example> AUTH=<>", "250"},
          {"RSET", "250"},
          {"MAIL FROM:<a@b.example> AUTH=", "501 5.5.4"},
          {"MAIL FROM:<a@b.example> AUTH=+4", "501 5.5.4"},
          {"MAIL FROM:<a@b.example> AUTH=joe AUTH=joe", "501 5.5.4"}}},
    };
    for (const auto& [why, steps] : exchanges) {
        auto one = client();
        EXPECT_THAT(ehlo, HasSubstr("\n250-AUTH PLAIN LOGIN")) << why;
        for (const auto& [line, reply] : steps)
            EXPECT_THAT(one.command(line), StartsWith(reply)) << why << ": " << line;
    }
}

TEST_P(Auth, IsNotForTheClearUnlessAFileSaysSo)
{
    home.no_control("authclear");
    start();
    auto one = client();
    EXPECT_THAT(ehlo, Not(HasSubstr("AUTH")));
    EXPECT_THAT(one.command(plain("joe", "secret")), StartsWith("538 5.7.11"));
    EXPECT_THAT(one.command("AUTH PLAIN"), StartsWith("538 5.7.11"));
    EXPECT_THAT(one.command("MAIL FROM:<a@b.example>"), StartsWith("530 5.7.0 STARTTLS"));
    EXPECT_EQ(asked(), "");
}

TEST_P(Auth, IsOffForMailFromOtherHosts)
{
    start("smtp");
    auto one = client();
    EXPECT_THAT(ehlo, Not(HasSubstr("AUTH")));
    EXPECT_THAT(one.command(plain("joe", "secret")), StartsWith("502 5.5.1"));
    EXPECT_THAT(one.command("MAIL FROM:<a@b.example> AUTH=<>"), StartsWith("555 5.5.4"));
    EXPECT_THAT(one.command("MAIL FROM:<a@b.example>"), StartsWith("250"));
}

TEST_P(Auth, IsOnWhereTheOperatorSaysSo)
{
    home.control("smtpext", "+AUTH");
    start("smtp");
    auto one = client();
    EXPECT_THAT(ehlo, HasSubstr("AUTH PLAIN LOGIN"));
    EXPECT_THAT(one.command("MAIL FROM:<a@b.example>"), StartsWith("250"));
    EXPECT_THAT(one.command("RCPT TO:<x@far.example>"), StartsWith("553 5.7.1"));
    EXPECT_THAT(one.command("RSET"), StartsWith("250"));
    EXPECT_THAT(one.command(plain("joe", "secret")), StartsWith("235"));
    EXPECT_THAT(one.command("MAIL FROM:<a@b.example>"), StartsWith("250"));
    EXPECT_THAT(one.command("RCPT TO:<x@far.example>"), StartsWith("250"));
}

TEST_P(Auth, TheClassicCommandLineNamesTheProgram)
{
    home.no_control("checkpassword");
    start("smtp", {}, {"here.example", home / "judge", asked_file(), "true"});
    auto one = client();
    EXPECT_THAT(ehlo, HasSubstr("AUTH PLAIN LOGIN"));
    EXPECT_THAT(one.command(plain("joe", "secret")), StartsWith("235"));
    EXPECT_THAT(one.command("MAIL FROM:<a@b.example>"), StartsWith("250"));
    EXPECT_THAT(one.command("RCPT TO:<x@far.example>"), StartsWith("250"));
}

TEST_P(Auth, TheVariableSmtpauthSwitchesIt)
{
    start("smtp", {"SMTPAUTH=!"});
    auto one = client();
    EXPECT_THAT(ehlo, HasSubstr("AUTH PLAIN LOGIN"));
    EXPECT_THAT(one.command("MAIL FROM:<a@b.example>"), StartsWith("530 5.7.0"));
}

TEST_P(Auth, WhoHeIsGoesWithTheMessage)
{
    start();
    auto one = client();
    EXPECT_THAT(one.command(plain("joe+x@here.example", "secret")), StartsWith("235"));
    one.command("MAIL FROM:<a@b.example> AUTH=joe+2Bx@here.example");
    EXPECT_THAT(one.command("RCPT TO:<x@far.example>"), StartsWith("250"));
    EXPECT_THAT(one.command("DATA"), StartsWith("354"));
    one.send("From: a@b.example\r\nDate: x\r\nMessage-ID: <1@x>\r\n\r\nhi\r\n.\r\n");
    EXPECT_THAT(one.reply(), StartsWith("250"));
    const auto got = capture.take();
    ASSERT_EQ(got.size(), 1u);
    EXPECT_THAT(got[0].envelope, HasSubstr("\0user=joe+x@here.example\0"s));
    EXPECT_THAT(got[0].envelope, HasSubstr("\0auth=joe+2Bx@here.example\0"s));
    EXPECT_THAT(got[0].envelope, HasSubstr("\0with=ESMTPA\0"s));
    EXPECT_THAT(got[0].message, HasSubstr("with ESMTPA"));
    EXPECT_THAT(got[0].message.substr(0, got[0].message.find("Sender")), Not(HasSubstr("joe")));
    EXPECT_THAT(got[0].message, HasSubstr("\nSender: <joe+x@here.example>\n"));
    EXPECT_TRUE(logged("user=joe+x@here.example method=PLAIN"));
}

TEST_P(Auth, WhatAClientMayNotClaimIsNotPassedOn)
{
    home.control("smtpext", "+AUTH");
    start("smtp");
    auto one = client();
    one.command("MAIL FROM:<a@b.example> AUTH=ceo@here.example");
    one.command("RCPT TO:<joe@here.example>");
    one.command("DATA");
    one.send("\r\nhi\r\n.\r\n");
    EXPECT_THAT(one.reply(), StartsWith("250"));
    const auto got = capture.take();
    ASSERT_EQ(got.size(), 1u);
    EXPECT_THAT(got[0].envelope, HasSubstr("\0auth=<>\0"s));
    EXPECT_THAT(got[0].envelope, Not(HasSubstr("user=")));
}

TEST_P(Auth, SecretsAreNowhereButWhereTheyBelong)
{
    set_password("ann", "annssecret");
    start();
    auto one = client();
    one.command(plain("joe", "geheimnis"));
    one.command("AUTH LOGIN");
    one.command(to_base64("ann"));
    one.command(to_base64("annswrong"));
    one.command(plain("joe", "secret"));
    one.command(to_base64("outofstep"));
    one.command("QUIT");
    EXPECT_TRUE(logged("why=quit"));
    const auto said = home.read("smtpd.log");
    EXPECT_THAT(said, HasSubstr("auth refused"));
    for (const std::string word : {"geheimnis", "annswrong", "secret", "outofstep", "annssecret"}) {
        EXPECT_THAT(said, Not(HasSubstr(word)));
        EXPECT_THAT(said, Not(HasSubstr(to_base64(word).substr(0, 11))));
        EXPECT_THAT(home.read("control/saslpasswd"), Not(HasSubstr(word)));
        EXPECT_THAT(home.read("control/saslpasswd.cdb"), Not(HasSubstr(word)));
    }
    const auto questions = asked();
    for (const auto line : split(questions, '\n'))
        EXPECT_THAT(std::string(line.substr(std::min(line.find('|'), line.size()))),
                    Not(HasSubstr("geheimnis")));
    EXPECT_THAT(questions, HasSubstr("joe\0geheimnis\0\0|"s));
}

TEST_P(Auth, KeysOfItsOwnServeEveryMechanism)
{
    home.no_control("checkpassword");
    set_password("joe", "pencil");
    start();
    auto one = client();
    EXPECT_THAT(ehlo, HasSubstr("\n250-AUTH SCRAM-SHA-256 PLAIN LOGIN\r"));
    EXPECT_THAT(one.command("AUTH SCRAM-SHA-256 " + to_base64("n,,n=joe,r=abc")),
                StartsWith("334 cj1hYm"));
    EXPECT_THAT(one.command(to_base64("c=biws,r=abc,p=AAAA")), StartsWith("501 5.5.2"));
    EXPECT_THAT(one.command(plain("joe", "pencils")), StartsWith("535 5.7.8"));
    EXPECT_THAT(one.command(plain("nobody", "pencil")), StartsWith("535 5.7.8"));
    EXPECT_THAT(one.command(plain("joe", "pencil")), StartsWith("235"));
}

TEST_P(Auth, WhoIsNotInTheTableMayBeKnownToTheProgram)
{
    set_password("joe", "pencil");
    start();
    auto one = client();
    EXPECT_THAT(one.command(plain("joe", "secret")), StartsWith("535"));
    EXPECT_THAT(one.command(plain("ann", "secret")), StartsWith("235"));
    EXPECT_EQ(asked().substr(0, asked().find('|')), "ann\0secret\0\0"s);
}

TEST_P(Auth, ATableThatOthersMayReadIsNotUsed)
{
    home.no_control("checkpassword");
    set_password("joe", "pencil");
    ASSERT_EQ(::chmod((home / "control/saslpasswd.cdb").c_str(), 0644), 0);
    home.control("checkpassword", home / "judge" + " " + asked_file() + " true");
    start();
    auto one = client();
    EXPECT_THAT(one.command(plain("joe", "secret")), StartsWith("454 4.7.0"));
    EXPECT_TRUE(logged("saslpasswd.cdb: others may read"));
    EXPECT_EQ(asked(), "");
}

TEST_P(Auth, TokensGoToTheirOwnProgram)
{
    home.no_control("checkpassword");
    home.control("checktoken", home / "judge" + " " + asked_file() + " true");
    start();
    auto one = client();
    EXPECT_THAT(ehlo, HasSubstr("\n250-AUTH OAUTHBEARER XOAUTH2\r"));
    EXPECT_THAT(one.command("AUTH OAUTHBEARER " +
                            to_base64("n,a=joe,\1host=h\1port=587\1auth=Bearer wrong\1\1")),
                StartsWith("334 " + to_base64(R"({"status":"invalid_token"})")));
    EXPECT_THAT(one.command("AQ=="), StartsWith("535 5.7.8"));
    EXPECT_THAT(one.command("AUTH XOAUTH2 " + to_base64("user=joe\1auth=Bearer to.ken\1\1")),
                StartsWith("235"));
    EXPECT_THAT(asked(), HasSubstr("joe\0wrong\0OAUTHBEARER\0|"s));
    EXPECT_THAT(asked(), HasSubstr("joe\0to.ken\0XOAUTH2\0|"s));
}

TEST_P(Auth, AuthmechsChooses)
{
    home.control("authmechs", "login EXTERNAL\nNONSENSE");
    start();
    auto one = client();
    EXPECT_THAT(ehlo, HasSubstr("\n250-AUTH LOGIN\r"));
    EXPECT_THAT(one.command("AUTH PLAIN"), StartsWith("504 5.5.4"));
    EXPECT_TRUE(logged("authmechs: no such mechanism here: NONSENSE"));
}

TEST_P(Auth, ItsLinesMayBeLongButNotEndless)
{
    start();
    const std::string longest(12288 - 2, 'A');
    auto one = client();
    one.command("AUTH PLAIN");
    EXPECT_THAT(one.command(longest + "AAAA"), StartsWith("500 5.5.6"));
    EXPECT_THAT(one.command("AUTH PLAIN " + std::string(12272, 'A')), StartsWith("501 5.5.2"));
    EXPECT_THAT(one.command("AUTH PLAIN " + longest), StartsWith("500 5.5"));
    EXPECT_THAT(one.command("NOOP " + std::string(5000, 'A')), StartsWith("500 5.5.2"));
    one.command("AUTH PLAIN");
    one.send(std::string(70000, 'A'));
    EXPECT_THAT(one.reply(), StartsWith("421 4.7.0"));
    EXPECT_TRUE(one.closed());
    auto other = client();   // checkpassword programs read 512 octets
    EXPECT_THAT(other.command(plain("joe", std::string(600, 's'))), StartsWith("535"));
    EXPECT_EQ(asked(), "");
}

TEST_P(Auth, GuessesAreSlowAndFew)
{
    home.control("authtries", "2");
    start();
    auto one = client();
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_THAT(one.command(plain("joe", "a")), StartsWith("535"));
    EXPECT_GE(std::chrono::steady_clock::now() - begun, std::chrono::seconds(1));
    EXPECT_THAT(one.command(plain("joe", "b")), StartsWith("421 4.7.0"));
    EXPECT_TRUE(one.closed());
}

TEST_P(Auth, GuessesAreCountedForAClientWhicheverWorkerHeComesTo)
{
    home.control("maxauthfails", "3");
    start();
    for (int i = 0; i < 3; ++i) {
        auto one = client();
        EXPECT_THAT(one.command(plain("joe", "a")), StartsWith("535")) << i;
    }
    auto one = client();
    EXPECT_THAT(one.command(plain("joe", "secret")), StartsWith("421 4.7.0"));
    EXPECT_TRUE(one.closed());
}

TEST_P(Auth, WhoLeavesWhileTheProgramThinksHarmsNobody)
{
    home.control("concurrencyauth", "1");
    start();
    auto gone = client();
    gone.send(plain("slow", "secret") + "\r\n");
    gone.disconnect();
    auto half = client();
    half.send("AUTH LOGIN\r\nc2");
    half.disconnect();
    auto one = client(), two = client();
    one.send(plain("slow", "secret") + "\r\n");
    two.send(plain("joe", "secret") + "\r\n");   // waits for the turn of the one before
    EXPECT_THAT(one.reply(), StartsWith("235"));
    EXPECT_THAT(two.reply(), StartsWith("235"));
}

TEST_P(Auth, OnlyHisOwnSendersAreAUsers)
{
    home.control("sendas", "joe@here.example:news@here.example @list.example\n*:all@here.example");
    ASSERT_EQ(run({{home.program("qmail-newsendas")}, home.environment()}), 0);
    start();
    auto one = client();
    one.command(plain("joe@here.example", "secret"));
    for (const auto& [sender, reply] :
         std::vector<std::pair<std::string, std::string>>{{"joe@here.example", "250"},
                                                          {"JOE@here.example", "250"},
                                                          {"NEWS@here.example", "250"},
                                                          {"any@list.example", "250"},
                                                          {"all@here.example", "250"},
                                                          {"", "250"},
                                                          {"ann@here.example", "550 5.7.1"},
                                                          {"any@sub.list.example", "550 5.7.1"}}) {
        EXPECT_THAT(one.command("MAIL FROM:<" + sender + ">"), StartsWith(reply)) << sender;
        EXPECT_THAT(one.command("RCPT TO:<x@far.example>"),
                    StartsWith(reply == "250" ? "250" : "503"));
        one.command("RSET");
    }
}

TEST_P(Auth, AProgramMayJudgeSendersToo)
{
    home.control("checksender", home / "judge" + " " + asked_file() + " true");
    start();
    auto one = client();
    one.command(plain("joe", "secret"));
    EXPECT_THAT(one.command("MAIL FROM:<news@here.example>"), StartsWith("250"));
    one.command("RSET");
    EXPECT_THAT(one.command("MAIL FROM:<ann@here.example>"), StartsWith("550 5.7.1"));
    auto later = client();
    later.command(plain("slow", "secret"));
    EXPECT_THAT(asked(), HasSubstr("joe\0news@here.example\0\0|"s));
}

TEST_P(Auth, MessagesAndRecipientsOfAnHourAreLimited)
{
    home.control("maxusermsgs", "2");
    home.control("maxuserrcpts", "3");
    start();
    const auto submit = [this](const std::string& user, int recipients) {
        auto one = client();
        one.command(plain(user, "secret"));
        if (const auto said = one.command("MAIL FROM:<a@b.example>"); !said.starts_with("250"))
            return said;
        for (int i = 0; i < recipients; ++i)
            if (const auto said = one.command("RCPT TO:<x@far.example>"); !said.starts_with("250"))
                return said;
        if (const auto said = one.command("DATA"); !said.starts_with("354")) return said;
        one.send("\r\nhi\r\n.\r\n");
        return one.reply();
    };
    EXPECT_THAT(submit("joe", 2), StartsWith("250"));
    EXPECT_THAT(submit("joe", 2),
                StartsWith("450 4.7.1 too many recipients in an hour, try again"));
    EXPECT_THAT(submit("joe", 1), StartsWith("250"));
    EXPECT_THAT(submit("joe", 1),
                StartsWith("450 4.7.1 too many messages in an hour, try again in"));
    EXPECT_THAT(submit("ann", 1), StartsWith("250"));
    EXPECT_EQ(capture.take().size(), 3u);
}

TEST_P(Auth, AUserMaySendWhatOthersMayNotBeforeOthers)
{
    home.control("priorityauth", "joe");
    home.control("smtpext.submission", "+MT-PRIORITY");
    start();
    for (const auto& [user, reply] : std::vector<std::pair<std::string, std::string>>{
             {"joe", "250 2.1.0"}, {"ann", "250 2.3.6"}}) {
        auto one = client();
        one.command(plain(user, "secret"));
        one.command("EHLO again.example");
        EXPECT_THAT(one.command("MAIL FROM:<a@b.example> MT-PRIORITY=3"), StartsWith(reply))
            << user;
    }
}

// Who logs in elsewhere has the rights of who does so here, and no more.
TEST_P(Auth, WhoIsSpokenForHasAUsersRightsAndLimits)
{
    home.control("xclientips", "127.0.0.0/8");
    home.control("sendas", "joe:news@here.example");
    home.control("maxusermsgs", "1");
    ASSERT_EQ(run({{home.program("qmail-newsendas")}, home.environment()}), 0);
    start("smtp", {"TCPREMOTEIP=127.0.0.1"});
    auto one = client();
    EXPECT_THAT(one.command("XCLIENT ADDR=192.0.2.9 NAME=c.example LOGIN=joe"), StartsWith("220"));
    EXPECT_THAT(one.command("XCLIENT HELO=c.example"), StartsWith("220"));   // the same client
    one.command("EHLO c.example");
    EXPECT_THAT(one.command("MAIL FROM:<ann@here.example>"), StartsWith("550 5.7.1"));
    EXPECT_THAT(one.deliver("news@here.example", {"x@far.example"}, "Subject: x\n\nhi\n"),
                StartsWith("250"));
    EXPECT_THAT(one.command("MAIL FROM:<news@here.example>"), StartsWith("450 4.7.1 too many"));
    const auto got = capture.take();
    ASSERT_EQ(got.size(), 1u);
    EXPECT_THAT(got[0].message, HasSubstr("with ESMTPA id "));
    EXPECT_THAT(got[0].envelope, HasSubstr("\0user=joe\0"s));
    EXPECT_TRUE(logged(" user=joe method=XCLIENT"));
    EXPECT_THAT(one.command("XCLIENT ADDR=192.0.2.10"), StartsWith("220"));   // somebody else
    one.command("EHLO c.example");
    EXPECT_THAT(one.command("MAIL FROM:<ann@here.example>"), StartsWith("250"));
    EXPECT_THAT(one.command("RCPT TO:<x@far.example>"), StartsWith("553"));
}

// Each password costs a million rounds; a worker's other clients do not wait for them.
TEST_P(Auth, WhoTriesPasswordsHoldsUpNobodyElse)
{
    if (GetParam() == Frame::one_session) return;   // there he is alone
    ASSERT_EQ(run({{home.program("qmail-saslpasswd"), "-i", "1000000", "joe"}, home.environment()},
                  "right\n"),
              0);
    start();
    std::vector<Fd> sockets;
    std::vector<SmtpClient> busy, others;
    const linger at_once{1, 0};   // who only says no more is still there
    for (int i = 0; i < 24; ++i) {
        sockets.push_back(connect_to(port_, patience));
        ::setsockopt(sockets.back().get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        busy.emplace_back(sockets.back().get(), sockets.back().get());
        busy.back().command("EHLO c.example");
    }
    for (auto& one : busy) one.send(plain("joe", "right") + "\r\n");
    for (int i = 0; i < 8; ++i) others.push_back(client());
    for (auto& one : others) {
        EXPECT_THAT(one.command("NOOP"), StartsWith("250"));
        EXPECT_THAT(one.command("RSET"), StartsWith("250"));
    }
    EXPECT_FALSE(std::all_of(sockets.begin(), sockets.end(), [](const Fd& socket) {
        return readable(socket.get(), std::chrono::milliseconds(0));
    }));
    EXPECT_THAT(busy.front().reply(), StartsWith("235"));
    sockets.clear();   // what is not begun is not done
    EXPECT_THAT(others.front().command(plain("joe", "wrong")), StartsWith("535"));
    EXPECT_THAT(others.front().command(plain("joe", "right")), StartsWith("235"));
}

TEST_P(Auth, SubmittedMessagesAreMended)
{
    home.control("defaulthost", "my.example");
    start();
    auto one = client();
    one.command(plain("joe@here.example", "secret"));
    EXPECT_THAT(one.command("MAIL FROM:<joe>"), StartsWith("250"));
    EXPECT_THAT(one.command("RCPT TO:<ann>"), StartsWith("250"));
    one.command("DATA");
    one.send("Bcc: x@y.example\r\nFrom: Joe <joe@here.example>\r\nTo: ann\r\n\r\n..hi\r\n.\r\n");
    EXPECT_THAT(one.reply(), StartsWith("250"));
    const auto got = capture.take();
    ASSERT_EQ(got.size(), 1u);
    EXPECT_THAT(got[0].envelope, StartsWith("Fjoe@my.example\0Tann@my.example\0\0"s));
    EXPECT_THAT(got[0].message, HasSubstr("\nDate: "));
    EXPECT_THAT(got[0].message, HasSubstr("\nMessage-ID: <"));
    EXPECT_THAT(got[0].message, Not(HasSubstr("Bcc")));
    EXPECT_TRUE(
        got[0].message.ends_with("\nFrom: Joe <joe@here.example>\nTo: ann@my.example\n\n.hi\n"))
        << got[0].message;
}

TEST_P(Auth, RelayedMailIsNotMendedAndWithoutTheWordNeitherIsOther)
{
    home.control("fixup", "none");
    start();
    auto one = client();
    one.command(plain("joe", "secret"));
    EXPECT_THAT(one.command("MAIL FROM:<joe>"), StartsWith("501 5.1.7"));
    EXPECT_THAT(one.deliver("joe@here.example", {"ann@far.example"}, "Bcc: x\n\nhi\n"),
                StartsWith("250"));
    const auto got = capture.take();
    ASSERT_EQ(got.size(), 1u);
    EXPECT_TRUE(got[0].message.ends_with("\nBcc: x\n\nhi\n")) << got[0].message;
}

TEST_P(Auth, AHeaderWithoutAnEndIsRefused)
{
    start();
    auto one = client();
    one.command(plain("joe", "secret"));
    std::string header;
    for (int i = 0; i < 5000; ++i) header += "X-Field: 01234567890123456789\n";
    EXPECT_THAT(one.deliver("joe@here.example", {"ann@far.example"}, header + "\nhi\n"),
                StartsWith("554 5.6.0"));
    EXPECT_THAT(one.command("NOOP"), StartsWith("250"));
    for (const auto& begun : capture.take()) EXPECT_EQ(begun.envelope, "");
}

// The octets that hexadecimal digits stand for.
std::string from_hexadecimal(const std::string& digits)
{
    std::string bytes;
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
        bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
    return bytes;
}

TEST_P(Auth, WithinTlsAPasswordIsBoundToTheConnection)
{
    const auto server = make_certificate("here.example");
    home.write("control/servercert.pem", server.both(), 0600);
    home.no_control("authclear");
    set_password("user", "pencil");
    start();
    const auto try_with = [&](const std::string& bound) {
        TlsClient one(after_starttls(port_));
        EXPECT_THAT(one.command("EHLO c.example"),
                    HasSubstr("\n250-AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN LOGIN\r"));
        ScramClient scram{"p=tls-server-end-point,,", bound};
        const auto challenge = one.command("AUTH SCRAM-SHA-256-PLUS " + to_base64(scram.first()));
        const auto bytes = from_base64(std::string_view(challenge).substr(4));
        if (!bytes) return "no challenge: " + challenge;
        const auto proof = one.command(to_base64(scram.final(*bytes, "pencil")));
        if (!proof.starts_with("334 ")) return proof;
        EXPECT_EQ(proof, "334 " + to_base64("v=" + to_base64(scram.signature)));
        return one.command("");
    };
    EXPECT_THAT(try_with(from_hexadecimal(fingerprint_of(server))), StartsWith("235 2.7.0"));
    EXPECT_THAT(try_with(from_hexadecimal(fingerprint_of(make_certificate("here.example")))),
                StartsWith("535 5.7.8"));
}

TEST_P(Auth, WhatWasShownInTheClearDoesNotCountWithinTls)
{
    home.write("control/servercert.pem", make_certificate("here.example").both(), 0600);
    start();
    Fd socket = connect_to(port_, patience);
    read_reply(socket.get());
    for (const auto& line : {"EHLO c.example"s, plain("joe", "secret"), "STARTTLS"s}) {
        write_all(socket.get(), line + "\r\n");
        EXPECT_THAT(read_reply(socket.get()), StartsWith("2"));
    }
    TlsClient one(std::move(socket));
    EXPECT_THAT(one.command("EHLO c.example"), HasSubstr("AUTH PLAIN LOGIN"));
    EXPECT_THAT(one.command("MAIL FROM:<a@b.example>"), StartsWith("530 5.7.0"));
    EXPECT_THAT(one.command(plain("joe", "secret")), StartsWith("235"));
    EXPECT_THAT(one.command("MAIL FROM:<a@b.example>"), StartsWith("250"));
    EXPECT_THAT(one.command("RCPT TO:<x@far.example>"), StartsWith("250"));
    EXPECT_THAT(one.command("DATA"), StartsWith("354"));
    EXPECT_THAT(one.command("\r\nhi\r\n."), StartsWith("250"));
    const auto got = capture.take();
    ASSERT_EQ(got.size(), 1u);
    EXPECT_THAT(got[0].envelope, HasSubstr("\0with=ESMTPSA\0"s));
    EXPECT_THAT(got[0].envelope, HasSubstr("\0user=joe\0"s));
}

TEST_P(Auth, ACertificateSaysWhoItIs)
{
    const auto authority = make_certificate("authority.example");
    home.write("control/servercert.pem", make_certificate("here.example").both(), 0600);
    home.write("control/clientca.pem", authority.certificate);
    home.control("tlsclients", "joe@here.example");
    start();
    const auto his = make_certificate("joe", "email:joe@here.example", &authority);
    TlsClient one(after_starttls(port_), {.certificate = his});
    EXPECT_THAT(one.command("EHLO c.example"), HasSubstr("AUTH EXTERNAL PLAIN LOGIN"));
    EXPECT_THAT(one.command("AUTH EXTERNAL " + to_base64("ann@here.example")),
                StartsWith("535 5.7.8"));
    EXPECT_THAT(one.command("AUTH EXTERNAL ="), StartsWith("235 2.7.0"));
    EXPECT_TRUE(logged("user=joe@here.example method=EXTERNAL"));
    const auto other = make_certificate("ann", "email:ann@here.example", &authority);
    TlsClient two(after_starttls(port_), {.certificate = other});
    EXPECT_THAT(two.command("EHLO c.example"), Not(HasSubstr("EXTERNAL")));
}

TEST(AuthOptions, AProgramThatLetsEverybodyInIsNotTaken)
{
    const auto checker = [](const std::vector<std::string>& words) {
        const auto options = smtpd::parse_options(words);
        return options ? join(options->checker, " ") : "refused: " + options.error().text;
    };
    EXPECT_EQ(checker({"qmail-smtpd", "here.example", "checkpassword", "true"}),
              "checkpassword true");
    EXPECT_EQ(checker({"qmail-smtpd", "/bin/checkpassword", "/bin/true", "x"}),
              "/bin/checkpassword /bin/true x");
    EXPECT_EQ(checker({"qmail-smtpd", "--as", "submission", "checkpassword", "true"}),
              "checkpassword true");
    EXPECT_THAT(checker({"qmail-smtpd", "checkpassword"}), StartsWith("refused: usage"));
    EXPECT_THAT(checker({"qmail-smtpd", "/bin/true", "true"}), StartsWith("refused: "));
    EXPECT_THAT(checker({"qmail-smtpd", "here.example", "true", "x"}), StartsWith("refused: "));
}

TEST(SaslPasswd, KeepsListsChecksAndRemoves)
{
    const TempHome home;
    const auto tool = [&](std::vector<std::string> words, const std::string& input = "") {
        words.insert(words.begin(), home.program("qmail-saslpasswd"));
        return run({words, home.environment()}, input);
    };
    EXPECT_EQ(tool({"-i", "4096", "joe"}, "pencil\n"), 0);
    EXPECT_EQ(tool({"-i", "4096", "a:b$c"}, "pen"), 0);
    EXPECT_EQ(tool({"-l"}).output, "a:b$c\njoe\n");
    EXPECT_EQ(tool({"-c", "joe"}, "pencil\n"), 0);
    EXPECT_EQ(tool({"-c", "joe"}, "pencils\n"), 1);
    EXPECT_EQ(tool({"-c", "a:b$c"}, "pen\n"), 0);
    EXPECT_EQ(tool({"-d", "joe"}), 0);
    EXPECT_EQ(tool({"-d", "joe"}), 1);
    EXPECT_EQ(tool({"-r"}), 0);
    EXPECT_EQ(tool({"-l"}).output, "a:b$c\n");
    EXPECT_EQ(tool({"joe"}, "\n"), 100);
    EXPECT_EQ(tool({"joe"}, std::string(2000, 'x')), 100);
    EXPECT_EQ(tool({"#joe"}, "x\n"), 100);
    EXPECT_EQ(tool({"-i", "10", "joe"}, "x\n"), 100);
    EXPECT_EQ(tool({}), 100);
    const auto mode = [&](const char* name) {
        struct stat facts {};
        EXPECT_EQ(::stat((home / name).c_str(), &facts), 0);
        return facts.st_mode & 07777;
    };
    EXPECT_EQ(mode("control/saslpasswd"), 0600u);
    EXPECT_EQ(mode("control/saslpasswd.cdb"), 0400u);
}

}
