// The built qmail-smtpd between pipes: what it says to each thing a client may say.
#include "inject/capture.hpp"
#include "support/smtp_client.hpp"

#include <gtest/gtest.h>

#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "base/sys/file.hpp"

using namespace grapnel;
using namespace grapnel::test;

namespace {

class OneSession : public ::testing::Test {
protected:
    OneSession() { home.control("rcpthosts", "here.example\n.far.example"); }

    Finished talk(const std::string& input, std::vector<std::string> variables = {})
    {
        // LeakSanitizer looks into /proc, which is out of reach for a confined program.
        variables.emplace_back("LSAN_OPTIONS=detect_leaks=0");
        for (const auto& variable : capture.environment()) variables.push_back(variable);
        return run({{home.program("qmail-smtpd")}, home.environment(variables)}, input);
    }
    // The replies to a session that begins with EHLO, without the greeting and EHLO's own.
    std::string replies(const std::string& commands, std::vector<std::string> variables = {})
    {
        const auto all = talk("EHLO client.example\r\n" + commands, std::move(variables)).output;
        const std::string last = "250 HELP\r\n";
        const auto at = all.find(last);
        return at == std::string::npos ? "no EHLO: " + all : all.substr(at + last.size());
    }
    static std::string first_words(const std::string& replies)
    {
        std::string codes;
        for (std::size_t at = 0; at < replies.size(); at = replies.find('\n', at) + 1) {
            const auto line = replies.substr(at, replies.find('\r', at) - at);
            const auto second = line.find(' ', 4);
            codes += line.substr(0, second) + '|';
            if (replies.find('\n', at) == std::string::npos) break;
        }
        return codes;
    }

    static std::size_t count(const std::string& where, const std::string& what)
    {
        std::size_t number = 0;
        for (auto at = where.find(what); at != std::string::npos; at = where.find(what, at + 1))
            ++number;
        return number;
    }

    TempHome home;
    Capture capture;
};

const std::string mail = "MAIL FROM:<a@b.example>\r\n", rcpt = "RCPT TO:<joe@here.example>\r\n";
const std::string text = "DATA\r\nSubject: x\r\n\r\nhi\r\n.\r\n";

TEST_F(OneSession, TakesAMessageWithItsRecords)
{
    const auto said = replies(mail + rcpt + text + "QUIT\r\n",
                              {"TCPREMOTEIP=192.0.2.1", "TCPREMOTEHOST=c.example"});
    EXPECT_EQ(first_words(said), "250 2.1.0|250 2.1.5|354 go|250 2.0.0|221 2.0.0|");
    const auto got = capture.take();
    ASSERT_EQ(got.size(), 1u);
    const auto id = said.substr(said.find(" id ") + 4, 36);
    EXPECT_NE(got[0].message.find("id " + id), std::string::npos);
    EXPECT_TRUE(got[0].message.ends_with("\nSubject: x\n\nhi\n"));
    EXPECT_TRUE(
        got[0].envelope.starts_with(std::string("Fa@b.example\0Tjoe@here.example\0\0id=", 35) + id))
        << got[0].envelope;
    for (const auto* record :
         {"with=ESMTP", "ip=192.0.2.1", "ptr=c.example", "helo=client.example", "received="})
        EXPECT_NE(got[0].envelope.find(record), std::string::npos) << record;
}

TEST_F(OneSession, WhatAClientAsksForTravelsAsRecords)
{
    home.control("smtpext", "+DELIVERBY  # for all\n+MT-PRIORITY\nFUTURERELEASE:auth");
    home.control("priorityauth", "192.0.2.0/24");
    const auto said = replies(
        "MAIL FROM:<j\xc3\xb6@b\xc3\xbc\x63her.example> SMTPUTF8 BODY=8BITMIME RET=HDRS ENVID=x+2B "
        "BY=3600;RT HOLDUNTIL=2000-01-01T00:00:00Z MT-PRIORITY=3\r\n"
        "RCPT TO:<joe@here.example>\r\n"
        "RCPT TO:<j\xc3\xb6@here.example> NOTIFY=SUCCESS,DELAY ORCPT=utf-8;j\xc3\xb6@x\r\n" +
            text,
        {"TCPREMOTEIP=192.0.2.1", "RELAYCLIENT="});
    EXPECT_EQ(first_words(said), "250 2.1.0|250 2.1.5|250 2.1.5|354 go|250 2.0.0|");
    const auto got = capture.take();
    ASSERT_EQ(got.size(), 1u);
    EXPECT_NE(got[0].message.find("with UTF8SMTP"), std::string::npos);
    EXPECT_NE(got[0].message.find("PRIORITY 3;"), std::string::npos);
    const auto& envelope = got[0].envelope;
    EXPECT_TRUE(envelope.starts_with(std::string("Fj\xc3\xb6@xn--bcher-kva.example\0", 27)));
    for (const std::string record :
         {"body=8BITMIME", "ret=HDRS", "envid=x+2B", "smtputf8=1", "hold-until=946684800",
          "priority=3", "with=UTF8SMTP", "1:notify=SUCCESS,DELAY", "1:orcpt=utf-8;j%C3%B6@x"})
        EXPECT_NE(envelope.find('\0' + record + '\0'), std::string::npos) << record << envelope;
    EXPECT_NE(envelope.find("deliver-by="), std::string::npos);
    EXPECT_NE(envelope.find(";RT"), std::string::npos);
    EXPECT_EQ(envelope.find(std::string("\0000:", 3)), std::string::npos);
}

TEST_F(OneSession, WhatIsTooMuchOrSwitchedOffIsRefused)
{
    home.control("smtpext", "-SMTPUTF8 +DELIVERBY +MT-PRIORITY FUTURERELEASE:auth");
    home.control("holdmax", "1000");
    home.control("deliverbymin", "60");
    const std::string from = "MAIL FROM:<a@b.example> ";
    EXPECT_EQ(first_words(replies(from + "HOLDFOR=10\r\n")), "555 5.5.4|");
    EXPECT_EQ(first_words(replies(from + "HOLDFOR=1001\r\n" + from +
                                      "HOLDUNTIL=2099-01-01T00:00:00Z\r\n" + from + "BY=59;R\r\n" +
                                      from + "SMTPUTF8\r\n" + from + "BY=59;N HOLDFOR=1000\r\n",
                                  {"RELAYCLIENT="})),
              "501 5.5.4|501 5.5.4|555 5.5.4|555 5.5.4|250 2.1.0|");
    const auto said = replies(from + "MT-PRIORITY=5\r\n" + rcpt + text);
    EXPECT_EQ(first_words(said), "250 2.3.6|250 2.1.5|354 go|250 2.0.0|");
    const auto got = capture.take();
    ASSERT_EQ(got.size(), 1u);
    EXPECT_NE(got[0].envelope.find(std::string("\0priority=0/5\0", 14)), std::string::npos);
}

TEST_F(OneSession, EachCommandHasItsReply)
{
    const std::vector<std::pair<std::string, std::string>> cases{
        {"NOOP x\r\nRSET\r\nVRFY joe\r\nEXPN list\r\nHELP\r\n",
         "250 2.0.0|250 2.0.0|252 2.5.2|252 2.5.2|214 2.0.0|"},
        {"VRFY\r\nRSET x\r\nQUIT x\r\nDATA x\r\n", "501 5.5.4|501 5.5.4|501 5.5.4|501 5.5.4|"},
        {"FOO\r\n\r\nSEND\r\nTURN\r\nBDAT 3\r\nabcSTARTTLS\r\nAUTH PLAIN\r\n",
         "500 5.5.2|500 5.5.2|502 5.5.1|502 5.5.1|503 5.5.1|454 4.7.0|502 5.5.1|"},
        {rcpt, "503 5.5.1|"},
        {"DATA\r\n", "503 5.5.1|"},
        {mail + mail, "250 2.1.0|503 5.5.1|"},
        {mail + "DATA\r\n", "250 2.1.0|554 5.5.1|"},
        {mail + "RCPT TO:<joe@elsewhere.example>\r\nDATA\r\n", "250 2.1.0|553 5.7.1|554 5.5.1|"},
        {mail + rcpt + "RSET\r\n" + rcpt, "250 2.1.0|250 2.1.5|250 2.0.0|503 5.5.1|"},
        {"MAIL FROM:<>\r\n" + rcpt, "250 2.1.0|250 2.1.5|"},
        {"MAIL FROM:a@b.example\r\nMAIL FROM:<a>\r\nMAIL FROM:<a..b@c.example>\r\n",
         "501 5.5.4|501 5.1.7|501 5.1.7|"},
        {"MAIL FROM:<a@b.example> FOO=1\r\nMAIL FROM:<a@b.example> SIZE=x\r\nMAIL "
         "FROM:<a@b.example> SIZE=1 SIZE=1\r\n",
         "555 5.5.4|501 5.5.4|501 5.5.4|"},
        {"MAIL FROM:<\xc3\xa4@b.example>\r\nMAIL FROM:<a\x01@b.example>\r\n",
         "553 5.6.7|501 5.1.7|"},
        {mail +
             "RCPT TO:<>\r\nRCPT TO:<joe>\r\nRCPT TO:<postmaster>\r\nRCPT TO:<x@s.far.example>\r\n",
         "250 2.1.0|501 5.5.4|501 5.1.3|250 2.1.5|250 2.1.5|"},
        {mail + "RCPT TO:<joe@here.example> NOTIFY=YES\r\nRCPT TO:<joe@[127.0.0.1]>\r\n",
         "250 2.1.0|501 5.5.4|250 2.1.5|"},
        {"HELO\r\nEHLO\r\nEHLO a b\r\nEHLO [1.2.3\r\n", "501 5.5.4|501 5.5.4|501 5.5.4|501 5.5.4|"},
        {"NOOP\nRSET\r\nNOOP\r\n", "500 5.5.2|250 2.0.0|"},
        {std::string(5000, 'x') + "\r\nNOOP\r\n", "500 5.5.2|250 2.0.0|"},
        {std::string(70000, 'x'), "421 4.7.0|"},
    };
    for (const auto& [commands, expected] : cases)
        EXPECT_EQ(first_words(replies(commands)), expected) << commands.substr(0, 100);
    EXPECT_EQ(first_words(talk(mail + "HELO client.example\r\n" + mail).output),
              "220 here.example|503 5.5.1|250 here.example|250 2.1.0|");
}

TEST_F(OneSession, CodesSayWhetherTheClientSaidQuit)
{
    EXPECT_EQ(talk("QUIT\r\n").ending.code, 0);
    EXPECT_EQ(talk("NOOP\r\n").ending.code, 1);
    EXPECT_EQ(
        run({{home.program("qmail-smtpd"), "--nonsense", "x"}, home.environment()}).ending.code,
        100);
}

TEST_F(OneSession, BareLineEndsAreRefusedAtTheTrueEnd)
{
    const auto said =
        replies(mail + rcpt + "DATA\r\nx\n.\nMAIL FROM:<smuggled@b.example>\r\n.\r\nNOOP\r\n");
    EXPECT_EQ(first_words(said), "250 2.1.0|250 2.1.5|354 go|550 5.6.0|250 2.0.0|");
    const auto classic = replies(mail + rcpt + "DATA\r\nx\n.\r\n", {"LAX=barelf451"});
    EXPECT_EQ(first_words(classic), "250 2.1.0|250 2.1.5|354 go|451 4.6.0|");
    EXPECT_EQ(first_words(replies(mail + rcpt + "DATA\r\nx\ny\r\n.\r\n", {"LAX=barelffix"})),
              "250 2.1.0|250 2.1.5|354 go|250 2.0.0|");
    // The queue programs of those that were refused may end later than the last.
    std::vector<Captured> got;
    EXPECT_TRUE(wait_until([&] {
        for (auto& one : capture.take()) got.push_back(std::move(one));
        return std::any_of(got.begin(), got.end(),
                           [](const Captured& one) { return one.message.ends_with("\nx\ny\n"); });
    }));
    for (const auto& one : got) EXPECT_EQ(one.envelope.find("smuggled"), std::string::npos);
}

TEST_F(OneSession, LimitsHold)
{
    home.control("databytes", "10");
    home.control("maxrcpt", "1");
    home.control("badmailfrom", "@bad.example\nworse@b.example 450 4.7.1 not today");
    EXPECT_EQ(first_words(replies("MAIL FROM:<a@b.example> SIZE=11\r\n" + mail + rcpt + rcpt +
                                  "DATA\r\n12345678901\r\n.\r\n")),
              "552 5.3.4|250 2.1.0|250 2.1.5|452 4.5.3|354 go|552 5.3.4|");
    const std::string bad = "MAIL FROM:<x@BAD.example>\r\n";
    EXPECT_EQ(first_words(replies(bad + rcpt + "RCPT TO:<postmaster@here.example>\r\n")),
              "250 2.1.0|553 5.7.1|250 2.1.5|");
    EXPECT_EQ(first_words(replies("MAIL FROM:<worse@b.example>\r\n" + rcpt)),
              "250 2.1.0|450 4.7.1|");
    std::string many, nonsense;
    for (int i = 0; i < 101; ++i) many += "MAIL FROM:<>\r\nRSET\r\n";
    EXPECT_TRUE(replies(many).ends_with("421 4.7.0 too many messages in one session (#4.7.0)\r\n"));
    for (int i = 0; i < 25; ++i) nonsense += "FOO\r\n";
    EXPECT_EQ(count(replies(nonsense), "500 5.5.2"), 19u);
    EXPECT_EQ(count(replies(nonsense, {"LAX=nolimits"}), "500 5.5.2"), 25u);
}

TEST_F(OneSession, ManyRefusalsAreSummedInTheLog)
{
    home.control("maxrcpt", "1");
    std::string commands = "EHLO client.example\r\n" + mail;
    for (int i = 0; i < 500; ++i) commands += rcpt;
    const auto talked = talk(commands + "RSET\r\n" + mail + rcpt + rcpt + "QUIT\r\n");
    EXPECT_EQ(count(talked.output, "452 4.5.3"), 500u);
    EXPECT_EQ(count(talked.errors, ": rcpt refused "), 21u);
    EXPECT_EQ(count(talked.errors, ": refused "), 1u);
    EXPECT_EQ(count(talked.errors, " more=479\n"), 1u);
}

TEST_F(OneSession, WithoutRcpthostsOnlyLocalDomainsAreTaken)
{
    home.no_control("rcpthosts");
    const std::string far = "RCPT TO:<joe@far.example>\r\n";
    EXPECT_EQ(first_words(replies(mail + rcpt + far)), "250 2.1.0|250 2.1.5|553 5.7.1|");
    EXPECT_EQ(first_words(replies(mail + far, {"LAX=openrelay"})), "250 2.1.0|250 2.1.5|");
    EXPECT_EQ(first_words(replies(mail + far + "RCPT TO:<joe>\r\n", {"RELAYCLIENT="})),
              "250 2.1.0|250 2.1.5|250 2.1.5|");
    home.control("percenthack", "here.example");
    EXPECT_EQ(first_words(replies(mail + "RCPT TO:<joe%far.example@here.example>\r\n")),
              "250 2.1.0|553 5.7.1|");
}

TEST_F(OneSession, OurTroubleIsTemporary)
{
    EXPECT_EQ(first_words(replies(mail + rcpt + text, {"QMAILQUEUE=/nonexistent"})),
              "250 2.1.0|250 2.1.5|354 go|451 4.3.0|");
    const std::vector<std::pair<int, std::string>> codes{{53, "452 4.3.1"}, {31, "554 5.3.0"},
                                                         {54, "451 4.3.0"}, {11, "554 5.1.3"},
                                                         {81, "451 4.3.0"}, {200, "451 4.3.0"}};
    for (const auto& [code, reply] : codes) {
        const Capture failing(code);
        EXPECT_EQ(first_words(replies(mail + rcpt + text, failing.environment())),
                  "250 2.1.0|250 2.1.5|354 go|" + reply + '|');
    }
    const Capture custom(82, "Dno such mail here (#5.7.1)");
    EXPECT_NE(replies(mail + rcpt + text, custom.environment())
                  .find("554 5.7.1 no such mail here (#5.7.1)\r\n"),
              std::string::npos);
    home.no_control("me");
    EXPECT_EQ(talk("QUIT\r\n").output, "421 unable to read controls (#4.3.0)\r\n");
}

TEST_F(OneSession, ADamagedTableIsToldToTheClient)
{
    std::string beyond_its_end;
    for (int i = 0; i < 256; ++i) beyond_its_end += std::string("\0\0\0\x7f\0\1\0\0", 8);
    home.write("control/morercpthosts.cdb", beyond_its_end);
    EXPECT_EQ(replies(mail + "RCPT TO:<joe@elsewhere.example>\r\n" + rcpt),
              "250 2.1.0 ok\r\n421 4.3.0 unable to read controls (#4.3.0)\r\n");
}

TEST_F(OneSession, SwitchesOfControlSmtpext)
{
    home.control("smtpext", "-ALL");
    const auto bare =
        talk("EHLO c.example\r\nMAIL FROM:<a@b.example> SIZE=1\r\nHELP\r\nNOOP\r\n").output;
    EXPECT_EQ(
        bare,
        "220 here.example ESMTP\r\n250 here.example\r\n555 parameter not recognized (#5.5.4)\r\n"
        "502 unimplemented (#5.5.1)\r\n250 ok\r\n");
}

TEST_F(OneSession, ARegularFileIsAClientToo)
{
    home.write("session", "HELO c.example\r\n" + mail + rcpt + text + "QUIT\r\n");
    const Fd input = open_read(home / "session");
    Process server({.argv = {home.program("qmail-smtpd")},
                    .environment = home.environment(capture.environment()),
                    .descriptors = {{0, input.get()}}});
    ASSERT_TRUE(server.wait());
    EXPECT_TRUE(server.output().ends_with("221 2.0.0 here.example\r\n")) << server.output();
    EXPECT_EQ(capture.take().size(), 1u);
}

TEST_F(OneSession, OnASocketEarlyTalkIsRefused)
{
    for (const bool early : {true, false}) {
        std::array<int, 2> pair{};
        ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()), 0);
        const Fd ours(pair[0]), theirs(pair[1]);
        if (early) write_all(ours.get(), "EHLO c.example\r\n");
        const Process server({.argv = {home.program("qmail-smtpd")},
                              .environment = home.environment(capture.environment()),
                              .descriptors = {{0, theirs.get()}, {1, theirs.get()}}});
        SmtpClient client(ours.get(), ours.get());
        if (early) {
            EXPECT_TRUE(client.greeting().starts_with("554 5.5.0")) << client.greeting();
            continue;
        }
        EXPECT_TRUE(client.command("EHLO c.example").starts_with("250-here.example"));
        client.command("MAIL FROM:<>");
        client.command("RCPT TO:<joe@here.example>");
        client.send("DATA\r\nx\r\n.\r\nQUIT\r\n");
        EXPECT_TRUE(client.reply().starts_with("554 5.5.0"));
        EXPECT_TRUE(client.closed());
    }
}

}
