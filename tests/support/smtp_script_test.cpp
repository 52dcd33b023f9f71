#include "support/smtp_script.hpp"

#include "support/smtp_client.hpp"

#include <gtest/gtest.h>

using namespace grapnel::test;

TEST(SmtpScript, PoliteAndRecordsWhatItGot)
{
    const SmtpScript server({.extensions = {"PIPELINING", "SIZE 1000"}});
    SmtpClient client(server.port());
    EXPECT_EQ(client.greeting(), "220 script.example ESMTP");
    EXPECT_EQ(client.command("EHLO me"), "250-script.example\r\n250-PIPELINING\r\n250 SIZE 1000");
    EXPECT_EQ(client.deliver("a@b", {"c@d"}, "Subject: x\n\n.dot\n"), "250 2.0.0 kept");
    EXPECT_EQ(client.command("QUIT"), "221 2.0.0 bye");
    EXPECT_TRUE(client.closed());
    EXPECT_EQ(server.messages(), std::vector<std::string>{"Subject: x\n\n.dot\n"});
    EXPECT_EQ(server.sessions()[0].messages[0], "Subject: x\r\n\r\n..dot\r\n");
    EXPECT_TRUE(server.sessions()[0].quit);
}

TEST(SmtpScript, RulesComeFirstAndEachConnectionHasItsOwn)
{
    const SmtpScript server(std::vector<ScriptBehaviour>{
        {.rules = {{"RCPT TO:<no", "550-5.1.1 nobody\n550 5.1.1 here"}, {".", "451 later"}}},
        {.rules = {{"", "554 go away", After::cut}}}});
    SmtpClient client(server.port());
    EXPECT_EQ(client.deliver("a@b", {"no@d"}, "x\n"), "550-5.1.1 nobody\r\n550 5.1.1 here");
    EXPECT_EQ(client.deliver("a@b", {"yes@d"}, "x\n"), "451 later");
    SmtpClient second(server.port());
    EXPECT_EQ(second.greeting(), "554 go away");
    EXPECT_TRUE(second.closed());
}

TEST(SmtpScript, CutsBeforeTheDotAndAfterIt)
{
    const SmtpScript server(
        std::vector<ScriptBehaviour>{{.cut_after_data = 3}, {.rules = {{".", "", After::cut}}}});
    EXPECT_EQ(SmtpClient(server.port()).deliver("a@b", {"c@d"}, "long enough\n"), "");
    EXPECT_EQ(SmtpClient(server.port()).deliver("a@b", {"c@d"}, "long enough\n"), "");
    ASSERT_TRUE(server.wait_for_sessions_ended(2));
    EXPECT_EQ(server.messages().size(), 1u);
}

TEST(SmtpClient, DataIsStuffedBothWays)
{
    EXPECT_EQ(as_data(""), ".\r\n");
    EXPECT_EQ(as_data("a\n.b"), "a\r\n..b\r\n.\r\n");
    EXPECT_EQ(from_data("a\r\n..b\r\n"), "a\n.b\n");
}
