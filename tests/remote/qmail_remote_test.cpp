// The built qmail-remote against scripted servers, by a fixed route.
#include "remote/remote_program.hpp"

#include <gmock/gmock.h>

using namespace grapnel::test;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;
using std::string_literals::operator""s;

namespace {

class QmailRemote : public RemoteProgram {};

const std::vector<std::string> modern{"PIPELINING", "8BITMIME", "SIZE 10000",
                                      "ENHANCEDSTATUSCODES"};

}

TEST_F(QmailRemote, DeliversWithWhatTheServerOffers)
{
    SmtpScript server({.extensions = modern});
    EXPECT_EQ(deliver_to(server),
              "r\0K127.0.0.1 accepted message.\nRemote host said: 250 2.0.0 kept\n\0"s);
    ASSERT_TRUE(server.wait_for_sessions_ended(1));
    EXPECT_THAT(server.sessions()[0].commands,
                ElementsAre("EHLO here.example", "MAIL FROM:<s@here.example> SIZE=32",
                            "RCPT TO:<r@far.example>", "DATA", "QUIT"));
    EXPECT_THAT(server.messages(), ElementsAre(message));
}

TEST_F(QmailRemote, EachRecipientHasAnAnswerOfItsOwn)
{
    SmtpScript server({.extensions = modern,
                       .rules = {{"RCPT TO:<no@", "550-5.1.1 nobody\n550 5.1.1 here"},
                                 {"RCPT TO:<full@", "452 4.2.2 full"}}});
    EXPECT_EQ(deliver_to(server,
                         {"a@far.example", "no@far.example", "full@far.example", "b@far.example"}),
              "r\0h127.0.0.1 does not like recipient.\nRemote host said: 550-5.1.1 nobody\n550 "
              "5.1.1 here\n\0"
              "s127.0.0.1 does not like recipient.\nRemote host said: 452 4.2.2 full\n\0"
              "r\0K127.0.0.1 accepted message.\nRemote host said: 250 2.0.0 kept\n\0"s);
}

TEST_F(QmailRemote, SaysHeloWhereEhloIsRefused)
{
    SmtpScript server({.extensions = {"(none)"}});
    EXPECT_THAT(deliver_to(server), StartsWith("r\0K"s));
    ASSERT_TRUE(server.wait_for_sessions_ended(1));
    EXPECT_THAT(server.sessions()[0].commands,
                ElementsAre("EHLO here.example", "HELO here.example", "MAIL FROM:<s@here.example>",
                            "RCPT TO:<r@far.example>", "DATA", "QUIT"));
}

TEST_F(QmailRemote, SendsOnlyTheDotWhenAPipelinedDataWasForNobody)
{
    SmtpScript server({.extensions = modern,
                       .rules = {{"RCPT", "550 5.1.1 nobody"},
                                 {"DATA", "354 go ahead"},
                                 {".", "554 5.5.1 for whom"}}});
    EXPECT_EQ(
        deliver_to(server),
        "h127.0.0.1 does not like recipient.\nRemote host said: 550 5.1.1 nobody\n\0DGiving up on 127.0.0.1.\n\0"s);
    EXPECT_THAT(server.messages(), ElementsAre(""));
}

TEST_F(QmailRemote, AMessageOfEightBitsIsDeclared)
{
    SmtpScript server({.extensions = modern});
    deliver_to(server, {"r@far.example"}, "Subject: x\n\nd\xc3\xa9j\xc3\xa0\n");
    EXPECT_EQ(server.sessions()[0].commands[1], "MAIL FROM:<s@here.example> SIZE=22 BODY=8BITMIME");
}

// Only a local part beyond ASCII needs SMTPUTF8 (RFC 6531 3.2).
TEST_F(QmailRemote, ADomainBeyondAsciiIsNamedInAscii)
{
    SmtpScript server({.extensions = modern});
    sender = "s@\xc3\xa9t\xc3\xa9.example";
    EXPECT_EQ(deliver_to(server, {"r@b\xc3\xbc"
                                  "cher.example"})
                  .front(),
              'r');
    const auto commands = server.sessions().at(0).commands;
    EXPECT_EQ(commands.at(1), "MAIL FROM:<s@xn--t-9fab.example> SIZE=32");
    EXPECT_EQ(commands.at(2), "RCPT TO:<r@xn--bcher-kva.example>");
    deliver_to(server, {"\xc3\xbc@b\xc3\xbc"
                        "cher.example"});
    EXPECT_EQ(server.sessions().at(1).commands.at(2), "RCPT TO:<\xc3\xbc@b\xc3\xbc"
                                                      "cher.example>");
}

TEST_F(QmailRemote, AMessageOverTheOfferedSizeIsNotSent)
{
    SmtpScript server({.extensions = modern});
    EXPECT_EQ(
        deliver_to(server, {"r@far.example"}, std::string(9999, 'x') + '\n'),
        "DConnected to 127.0.0.1 but the message has 10001 bytes, and it takes 10000. (#5.3.4)\n\0"s);
    ASSERT_TRUE(server.wait_for_sessions_ended(1));
    EXPECT_THAT(server.sessions()[0].commands, ElementsAre("EHLO here.example", "QUIT"));
}

TEST_F(QmailRemote, ExtensionsCanBeSwitchedOff)
{
    home.control("remoteext", "-PIPELINING\nFAR.example:-8bitmime\nother.example:-SIZE\n");
    SmtpScript server({.extensions = modern, .rules = {{"MAIL", "550 no"}}});
    EXPECT_THAT(deliver_to(server, {"r@far.example"}, "\xff\n"),
                StartsWith("DConnected to 127.0.0.1 but sender was rejected.\n"));
    ASSERT_TRUE(server.wait_for_sessions_ended(1));
    EXPECT_THAT(server.sessions()[0].commands,
                ElementsAre("EHLO here.example", "MAIL FROM:<s@here.example> SIZE=3", "QUIT"));
}

TEST_F(QmailRemote, ALossBeforeTheDotIsTriedAgainWithoutDoubt)
{
    SmtpScript server({.extensions = {"PIPELINING"}, .cut_after_data = 1});
    EXPECT_EQ(deliver_to(server, {"r@far.example"}, std::string(5'000'000, 'x')),
              "r\0ZConnected to 127.0.0.1 but connection died. (#4.4.2)\n\0"s);
}

TEST_F(QmailRemote, ALossAfterTheDotMayMeanADuplicate)
{
    SmtpScript server({.rules = {{".", "", After::cut}}});
    EXPECT_EQ(deliver_to(server),
              "r\0ZConnected to 127.0.0.1 but connection died. Possible duplicate! (#4.4.2)\n\0"s);
}

TEST_F(QmailRemote, EveryCommandMayFindAClosingServer)
{
    const auto after = [&](const std::string& command, const std::string& reply) {
        SmtpScript server({.rules = {{command, reply, After::cut}}});
        return deliver_to(server);
    };
    const std::string closing = "421 4.3.2 closing",
                      said = "\nRemote host said: 421 4.3.2 closing\n\0"s;
    EXPECT_EQ(after("", closing), "ZConnected to 127.0.0.1 but greeting failed." + said);
    EXPECT_EQ(after("EHLO", closing), "ZConnected to 127.0.0.1 but my name was rejected." + said);
    EXPECT_EQ(after("MAIL", closing), "ZConnected to 127.0.0.1 but sender was rejected." + said);
    EXPECT_EQ(after("RCPT", closing),
              "s127.0.0.1 does not like recipient." + said + "ZGiving up on 127.0.0.1.\n\0"s);
    EXPECT_EQ(after("DATA", closing), "r\0Z127.0.0.1 failed on DATA command."s + said);
    EXPECT_EQ(after(".", closing), "r\0Z127.0.0.1 failed after I sent the message."s + said);
}

TEST_F(QmailRemote, ASilentServerIsLeftInTime)
{
    home.control("timeoutremote", "1");
    for (const auto* command : {"", "EHLO", "MAIL"}) {
        SmtpScript server({.rules = {{command, "", After::hang}}});
        EXPECT_EQ(deliver_to(server), "ZConnected to 127.0.0.1 but connection died. (#4.4.2)\n\0"s)
            << command;
    }
}

TEST_F(QmailRemote, DotsLongLinesAndLoneCarriageReturns)
{
    SmtpScript server;
    const std::string text =
        ".\n..\nx\n.y\n" + std::string(5000, 'l') + "\nkept\r\nlone\rone\n\r.\nlast";
    deliver_to(server, {"r@far.example"}, text);
    ASSERT_TRUE(server.wait_for_messages(1));
    EXPECT_EQ(server.sessions()[0].messages[0], "..\r\n...\r\nx\r\n..y\r\n" +
                                                    std::string(5000, 'l') +
                                                    "\r\nkept\r\nlone one\r\n .\r\nlast\r\n");
}

TEST_F(QmailRemote, ALoneCarriageReturnMayBeRefused)
{
    home.control("barecr", "fail");
    SmtpScript server;
    EXPECT_THAT(deliver_to(server, {"r@far.example"}, "a\rb\n"), HasSubstr("(#5.6.0)"));
    EXPECT_THAT(deliver_to(server, {"r@far.example"}, "a\r\n"), StartsWith("r\0K"s));
}

TEST_F(QmailRemote, ABigMessageArrivesWhole)
{
    std::string text;
    for (int line = 0; text.size() < 2'000'000; ++line)
        text += ".line " + std::to_string(line) + "\n";
    SmtpScript server({.extensions = {"PIPELINING"}});
    EXPECT_THAT(deliver_to(server, {"r@far.example"}, text), StartsWith("r\0K"s));
    ASSERT_TRUE(server.wait_for_messages(1));
    EXPECT_TRUE(server.messages()[0] == text);
}

TEST_F(QmailRemote, HundredsOfRecipientsArePipelinedInTurns)
{
    std::vector<std::string> recipients;
    std::string expected;
    for (int i = 0; i < 1000; ++i) {
        recipients.push_back("someone.with.a.long.name." + std::to_string(i) + "@far.example");
        expected += "r\0"s;
    }
    SmtpScript server({.extensions = {"PIPELINING"}});
    EXPECT_EQ(deliver_to(server, recipients),
              expected + "K127.0.0.1 accepted message.\nRemote host said: 250 2.0.0 kept\n\0"s);
}

TEST_F(QmailRemote, EarlyTroubleIsOneRecord)
{
    EXPECT_EQ(run_remote({"far.example", "s@here.example"}),
              "DI (qmail-remote) was invoked improperly. (#5.3.5)\n\0"s);
    home.control("smtproutes", ":[192.0.2.1");
    EXPECT_EQ(deliver(), "ZUnable to read control files. (#4.3.0)\n\0"s);
    home.control("smtproutes", ":127.0.0.1:" + std::to_string(free_port()));
    EXPECT_EQ(deliver(), "ZSorry, I wasn't able to establish an SMTP connection. (#4.4.1)\n\0"s);
    EXPECT_THAT(deliver({"evil@far.example\r\nRSET"}), HasSubstr("(#5.1.3)"));
    home.no_control("me");
    EXPECT_EQ(deliver(), "ZUnable to read control files. (#4.3.0)\n\0"s);
}
