// Plugins of qmail-spp and checks of recipients: stand-ins that use their protocols.
#include "inject/capture.hpp"
#include "smtpd/plugins.hpp"
#include "support/instance.hpp"
#include "support/smtp_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace grapnel;
using namespace grapnel::smtpd;
using namespace grapnel::test;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

namespace {

TEST(PluginList, KnowsItsSections)
{
    const auto list = PluginList::parse({"lost", "[connection]", "plugins/a", "[rcpt]", ":echo N",
                                         "plugins/b", "[unknown]", "plugins/c", "[mail]"});
    EXPECT_THAT(list.at(PluginEvent::connection), ElementsAre("plugins/a"));
    EXPECT_THAT(list.at(PluginEvent::rcpt), ElementsAre(":echo N", "plugins/b"));
    EXPECT_TRUE(list.at(PluginEvent::mail).empty());
    EXPECT_TRUE(list.contains("plugins/b"));
    EXPECT_FALSE(list.contains("plugins/c"));
    EXPECT_TRUE(PluginList::parse({"[mail]", "[xyz]", "a"}).empty());
}

TEST(PluginWords, AreReadUpToTheVerdict)
{
    const auto words = parse_plugin_output(
        "HX-Spam: yes\nSspam=1\nUvar\nCa@b.example\nLR550 later\nLX no\nP250-hello\nS=x\nSnothing\n"
        "?what\nE550 5.7.1 no\nHignored: 1\n");
    EXPECT_EQ(words.verdict, PluginWords::Verdict::no);
    EXPECT_EQ(words.message, "550 5.7.1 no");
    EXPECT_THAT(words.headers, ElementsAre("X-Spam: yes"));
    EXPECT_THAT(words.variables, ElementsAre(std::pair(std::string("spam=1"), true),
                                             std::pair(std::string("var"), false)));
    EXPECT_EQ(words.address, "a@b.example");
    EXPECT_THAT(words.later, ElementsAre(std::pair(PluginEvent::rcpt, std::string("550 later"))));
    EXPECT_EQ(parse_plugin_output("N").verdict, PluginWords::Verdict::none);   // cut short
    EXPECT_EQ(parse_plugin_output("N\r\n").verdict, PluginWords::Verdict::yes);
    std::string many;
    for (int i = 0; i < 1000; ++i) many += "Hx: y\n";
    EXPECT_EQ(parse_plugin_output(many).headers.size(), 100u);
    EXPECT_TRUE(parse_plugin_output("H" + std::string(2000, 'x') + '\n').headers.empty());
}

class Plugins : public ::testing::Test {
protected:
    Plugins() { home.control("rcpthosts", "here.example"); }

    void program(const std::string& name, const std::string& text) const
    {
        spill(home / name, "#!/bin/sh\n" + text, 0755);
    }
    std::string talk(const std::string& input, std::vector<std::string> variables = {})
    {
        variables.emplace_back("LSAN_OPTIONS=detect_leaks=0");
        variables.emplace_back("TCPREMOTEIP=192.0.2.1");
        for (const auto& variable : capture.environment()) variables.push_back(variable);
        const auto done = run({{home.program("qmail-smtpd")}, home.environment(variables)}, input);
        return done.output + done.errors;
    }
    std::string deliver(const std::string& to, std::vector<std::string> variables = {})
    {
        return talk("EHLO client.example\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<" + to +
                        ">\r\nDATA\r\nSubject: x\r\n\r\nhi\r\n.\r\nQUIT\r\n",
                    std::move(variables));
    }

    TempHome home;
    Capture capture;
};

TEST_F(Plugins, SeeTheVariablesThatTheyKnow)
{
    program("show", "echo \"$SMTPHELOHOST $SMTPMAILFROM $SMTPRCPTTO $SMTPRCPTCOUNT "
                    "$SMTPRCPTCOUNTALL $SMTPRCPTHOSTSOK $TCPREMOTEIP\" >&2\n");
    home.control("smtpplugins", "[rcpt]\nshow");
    const auto said =
        talk("EHLO c.example\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<joe@here.example>\r\n"
             "RCPT TO:<jim@far.example>\r\nRCPT TO:<Ann@here.example>\r\n");
    EXPECT_THAT(said, HasSubstr("c.example a@b.example joe@here.example 0 1 1 192.0.2.1\n"));
    EXPECT_THAT(said, HasSubstr("c.example a@b.example jim@far.example 1 2 0 192.0.2.1\n"));
    EXPECT_THAT(said, HasSubstr("c.example a@b.example Ann@here.example 1 3 1 192.0.2.1\n"));
    EXPECT_THAT(said, HasSubstr("250 2.1.5 ok\r\n553 5.7.1 sorry, that domain"));
}

TEST_F(Plugins, RefuseAtEachCommand)
{
    for (const auto* section : {"connection", "helo", "mail", "rcpt", "pass", "data"}) {
        SCOPED_TRACE(section);
        home.control("smtpplugins",
                     "[" + std::string(section) + "]\n:echo 'E450 4.7.1 not by a plugin'");
        const auto said = deliver("joe@here.example");
        EXPECT_THAT(said, HasSubstr("450 4.7.1 not by a plugin\r\n"));
        EXPECT_THAT(said, HasSubstr("why=plugin"));
        EXPECT_THAT(said, Not(HasSubstr("queued")));
    }
    EXPECT_TRUE(capture.take().empty());
    EXPECT_THAT(deliver("joe@here.example", {"NOSPP="}), HasSubstr("250 2.0.0 ok"));
}

TEST_F(Plugins, AreAskedBeforeTheFirstChunkToo)
{
    const std::string begin = "EHLO client.example\r\nMAIL FROM:<a@b.example>\r\nRCPT "
                              "TO:<joe@here.example>\r\n";
    const std::string chunks = "BDAT 12\r\nSubject: x\r\nBDAT 6 LAST\r\n\r\nhi\r\nQUIT\r\n";
    home.control("smtpplugins",
                 "[data]\n:echo HX-Plugin: yes; echo N >>" + (home / "asked") + "; echo N");
    EXPECT_THAT(talk(begin + chunks), HasSubstr("250 2.6.0 ok"));
    const auto got = capture.take();
    ASSERT_EQ(got.size(), 1u);
    EXPECT_THAT(got[0].message, HasSubstr("\nX-Plugin: yes\nSubject: x\n\nhi\n"));
    EXPECT_EQ(home.read("asked"), "N\n");
    home.control("smtpplugins", "[data]\n:echo E550 5.7.1 no chunks");
    const auto refused = talk(begin + chunks);
    EXPECT_THAT(refused, HasSubstr("550 5.7.1 no chunks\r\n503 5.5.1 RSET first"));
    EXPECT_TRUE(capture.take().empty());
}

TEST_F(Plugins, DecideInTheirOrder)
{
    home.control("smtpplugins", "[rcpt]\n:echo Sfirst=yes\n:test \"$first\" = yes && echo N\n"
                                ":echo E550 never asked");
    EXPECT_THAT(deliver("joe@here.example"), HasSubstr("250 2.0.0 ok"));
    home.control("smtpplugins", "[helo]\n:echo A\n[mail]\n:echo E550 never asked");
    EXPECT_THAT(deliver("joe@here.example"), HasSubstr("250 2.0.0 ok"));
    home.control("smtpplugins", "[helo]\n:echo Sgone=1; echo Ugone\n"
                                "[mail]\n:test -n \"$gone\" && echo E550 still there");
    EXPECT_THAT(deliver("joe@here.example"), HasSubstr("250 2.0.0 ok"));
}

TEST_F(Plugins, GoBeyondOurRulesOnlyWhereTheySaySo)
{
    home.control("badmailfrom", "a@b.example");
    home.control("smtpplugins", "[rcpt]\n:echo N");
    EXPECT_THAT(deliver("jim@far.example"), HasSubstr("553 5.7.1 sorry, your envelope sender"));
    home.control("smtpplugins", "[mail]\n:echo O\n[rcpt]\n:echo N");
    EXPECT_THAT(deliver("jim@far.example"), HasSubstr("553 5.7.1 sorry, that domain"));
    EXPECT_THAT(deliver("jim@here.example"), HasSubstr("250 2.0.0 ok"));
    home.control("smtpplugins", "[mail]\n:echo O\n[rcpt]\n:echo O");
    EXPECT_THAT(deliver("jim@far.example"), HasSubstr("250 2.0.0 ok"));
}

TEST_F(Plugins, ChangeAddressesAndAddHeaders)
{
    home.control("smtpplugins",
                 "[mail]\n:echo Cnew@sender.example\n[rcpt]\n:echo Cspam@here.example; "
                 "echo 'HX-Plugin: was here'");
    EXPECT_THAT(deliver("joe@here.example"), HasSubstr("250 2.0.0 ok"));
    const auto got = capture.take();
    ASSERT_EQ(got.size(), 1u);
    EXPECT_TRUE(
        got[0].envelope.starts_with(std::string("Fnew@sender.example\0Tspam@here.example\0", 39)))
        << got[0].envelope;
    EXPECT_THAT(got[0].message, HasSubstr("\nX-Plugin: was here\nSubject: x\n"));
}

TEST_F(Plugins, WhatTheySaidOfOneMessageIsNotOfTheNext)
{
    home.control("smtpplugins", "[mail]\n:echo HX-Plugin: x");
    const std::string begin = "EHLO c.example\r\nMAIL FROM:<a@b.example>\r\n";
    const auto said =
        talk(begin + begin + "RCPT TO:<joe@here.example>\r\nDATA\r\nSubject: x\r\n\r\nhi\r\n.\r\n");
    EXPECT_THAT(said, HasSubstr("250 2.0.0 ok"));
    const auto got = capture.take();
    ASSERT_EQ(got.size(), 1u);
    const auto first = got[0].message.find("X-Plugin: x\n");
    ASSERT_NE(first, std::string::npos);
    EXPECT_EQ(got[0].message.find("X-Plugin: x\n", first + 1), std::string::npos);
}

TEST_F(Plugins, SpeakLaterPrintAndHangUp)
{
    home.control("smtpplugins", "[helo]\n:echo LR450 4.7.1 at the recipient");
    const auto later = deliver("joe@here.example");
    EXPECT_THAT(later, HasSubstr("250 2.1.0 ok\r\n450 4.7.1 at the recipient\r\n"));
    home.control("smtpplugins", "[mail]\n:echo P250-printed");
    EXPECT_THAT(deliver("joe@here.example"), HasSubstr("250-printed\r\n250 2.1.0 ok\r\n"));
    home.control("smtpplugins", "[mail]\n:echo R554 5.7.1 go away");
    EXPECT_THAT(deliver("joe@here.example"), HasSubstr("554 5.7.1 go away\r\nsmtpd"));
    home.control("smtpplugins", "[mail]\n:echo D");
    const auto dropped = deliver("joe@here.example");
    EXPECT_THAT(dropped, Not(HasSubstr("2.1.0")));
    EXPECT_THAT(dropped, HasSubstr("why=plugin"));
}

TEST_F(Plugins, ThatFailAreNoYes)
{
    home.control("smtpplugins", "[mail]\nnot/there");
    EXPECT_THAT(deliver("joe@here.example"),
                HasSubstr("451 4.3.0 qmail-spp failure: not/there: can't execute (#4.3.0)"));
    home.control("smtpplugins", "[mail]\n:kill -9 $$");
    EXPECT_THAT(deliver("joe@here.example"), HasSubstr("child crashed"));
    home.control("smtpplugins", "[mail]\n:yes P250-x | head -c 1000000; echo N");
    EXPECT_THAT(deliver("joe@here.example"), HasSubstr("250 2.0.0 ok"));   // cut, not stuck
}

TEST_F(Plugins, RecipientsAreCheckedByAProgram)
{
    program("check", "echo \"$SENDER $RECIPIENT\"\ncase $RECIPIENT in\n"
                     "no@*) exit 100;; said@*) echo 550 5.2.1 he moved >&4; exit 100;;\n"
                     "later@*) exit 111;; drop@*) exit 112;; much@*) exit 113;; esac\n");
    const std::vector<std::string> on{"RCPTCHECK=" + (home / "check")};
    EXPECT_THAT(deliver("joe@here.example", on), HasSubstr("250 2.0.0 ok"));
    EXPECT_THAT(deliver("joe@here.example", on), HasSubstr("\na@b.example joe@here.example\n"));
    EXPECT_THAT(deliver("no@here.example", on), HasSubstr("550 5.1.1 sorry, no mailbox here"));
    EXPECT_THAT(deliver("said@here.example", on), HasSubstr("550 5.2.1 he moved\r\n"));
    EXPECT_THAT(deliver("later@here.example", on), HasSubstr("421 4.3.0 unable to verify"));
    EXPECT_THAT(deliver("much@here.example", on), HasSubstr("421 4.3.0 you have exceeded"));
    EXPECT_THAT(deliver("no@far.example", on), HasSubstr("why=rcpthosts"));
    auto friendly = on;
    friendly.emplace_back("RELAYCLIENT=");
    EXPECT_THAT(deliver("no@here.example", friendly), HasSubstr("250 2.0.0 ok"));
    friendly.emplace_back("RCPTCHECKRELAYCLIENT=1");
    EXPECT_THAT(deliver("no@here.example", friendly), HasSubstr("550 5.1.1"));
    capture.take();
    EXPECT_THAT(deliver("drop@here.example", on), HasSubstr("250 2.1.5 ok"));
    EXPECT_TRUE(capture.take().empty());
    EXPECT_THAT(deliver("joe@here.example", {"RCPTCHECK=/not/there"}),
                HasSubstr("421 4.3.0 unable to execute recipient check"));
}

TEST_F(Plugins, WhatTheySetReachesTheQueueProgram)
{
    program("qq", "cat >/dev/null\nexec 3<&1\ncat <&3 >/dev/null\n"
                  "echo \"$colour,$TCPREMOTEIP,${gone-unset}\" >> " +
                      (home / "environment") + "\n");
    home.control("smtpplugins",
                 "[mail]\n:echo Scolour=blue; echo Ugone; echo SQMAILQUEUE=" + (home / "qq"));
    EXPECT_THAT(deliver("joe@here.example", {"gone=still here"}), HasSubstr("250 2.0.0 ok"));
    EXPECT_EQ(home.read("environment"), "blue,192.0.2.1,unset\n");
    EXPECT_TRUE(capture.take().empty());
}

TEST_F(Plugins, OfRecipientsWhoPassSeeOnlyThose)
{
    program("check", "case $RECIPIENT in no@*) exit 100;; quiet@*) exit 112;; esac\n");
    home.control("smtpplugins",
                 "[rcpt]\n:test \"$SMTPRCPTTO\" = bad@here.example && echo E550 5.7.1 first\n"
                 "[pass]\n:echo \"$SMTPRCPTTO $SMTPRCPTCOUNT\" >>asked\n"
                 ":test \"$SMTPRCPTTO\" = ann@here.example && echo Cother@far.example\n"
                 ":test \"$SMTPRCPTTO\" = last@here.example && echo E450 4.7.1 passed over");
    std::string input = "EHLO c.example\r\nMAIL FROM:<a@b.example>\r\n";
    for (const auto* to :
         {"joe@here.example", "jim@far.example", "bad@here.example", "no@here.example",
          "quiet@here.example", "ann@here.example", "last@here.example"})
        input += std::string("RCPT TO:<") + to + ">\r\n";
    const auto said = talk(input + "DATA\r\nSubject: x\r\n\r\nhi\r\n.\r\nQUIT\r\n",
                           {"RCPTCHECK=" + (home / "check")});
    EXPECT_THAT(said, HasSubstr("450 4.7.1 passed over\r\n354 "));
    EXPECT_EQ(home.read("asked"), "joe@here.example 1\nann@here.example 3\nlast@here.example 4\n");
    const auto got = capture.take();
    ASSERT_EQ(got.size(), 1u);
    const std::string envelope("Fa@b.example\0Tjoe@here.example\0Tother@far.example\0", 51);
    EXPECT_TRUE(got[0].envelope.starts_with(envelope)) << got[0].envelope;
}

TEST_F(Plugins, MayStandInAnotherFileOfControl)
{
    home.control("smtpplugins", "[mail]\n:echo E550 5.7.1 usual");
    home.control("others", "[mail]\n:echo E550 5.7.1 others");
    const auto said_with = [&](const std::string& file) {
        return deliver("joe@here.example", {"SPPCONFFILE=" + file});
    };
    EXPECT_THAT(said_with(""), HasSubstr("550 5.7.1 usual"));
    EXPECT_THAT(said_with("control/others"), HasSubstr("550 5.7.1 others"));
    EXPECT_THAT(said_with(home / "control/others"), HasSubstr("550 5.7.1 others"));
    for (const auto* wrong : {"control/absent", "others", "control/../others", "/etc/passwd"})
        EXPECT_THAT(said_with(wrong), HasSubstr("421 unable to read controls (#4.3.0)")) << wrong;
}

// The first plugin, and what it sets, count for the next session.
TEST_F(Plugins, CountForAServerThatBeganWithoutAny)
{
    program("qq", "cat >/dev/null\nexec 3<&1\ncat <&3 >/dev/null\necho \"$colour\" >> " +
                      (home / "environment") + "\n");
    Instance mta(home, {.send = false, .environment = {"QMAILQUEUE=" + (home / "qq")}});
    home.control("smtpplugins", "[mail]\n:echo Scolour=red");
    ASSERT_TRUE(wait_until([&] {
        EXPECT_THAT(SmtpClient(mta.port()).deliver("a@b.example", {"joe@here.example"}, "x\n"),
                    HasSubstr("250"));
        return home.read("environment").find("red\n") != std::string::npos;
    })) << mta.smtpd_log();
}

TEST_F(Plugins, HaveTheLastWordOnWhoLogsIn)
{
    home.control("authclear", "1");
    ASSERT_EQ(::grapnel::test::run(
                  {{home.program("qmail-saslpasswd"), "-i", "4096", "joe"}, home.environment()},
                  "secret\n"),
              0);
    const std::string login = "EHLO c.example\r\nAUTH PLAIN AGpvZQBzZWNyZXQ=\r\nQUIT\r\n";
    const auto log_in = [&] { return talk(login, {"SMTPEXT=+AUTH"}); };
    EXPECT_THAT(log_in(), HasSubstr("\r\n235 2.7.0"));
    home.control("smtpplugins", "[auth]\n:echo \"E535 5.7.8 no $SMTPAUTHUSER by $SMTPAUTHMETHOD\"");
    const auto refused = log_in();
    EXPECT_THAT(refused, HasSubstr("535 5.7.8 no joe by PLAIN\r\n"));
    EXPECT_THAT(refused, Not(HasSubstr("235 2.7.0")));
    home.control("smtpplugins", "[auth]\n:echo N");
    EXPECT_THAT(log_in(), HasSubstr("\r\n235 2.7.0"));
}

TEST_F(Plugins, AreRunForTheServerToo)
{
    program("check", "case $RECIPIENT in no@*) exit 100;; esac\n");
    home.control("smtprules", ":allow,RCPTCHECK=\"" + (home / "check") + "\"");
    home.control("smtpplugins",
                 "[mail]\n:test \"$SMTPMAILFROM\" = bad@b.example && echo E550 5.7.1 "
                 "bad one from $TCPREMOTEIP");
    Instance mta(home, {.send = false});
    SmtpClient client(mta.port());
    client.command("EHLO c.example");
    EXPECT_THAT(client.command("MAIL FROM:<bad@b.example>"), HasSubstr("bad one from 127.0.0.1"));
    EXPECT_THAT(client.command("MAIL FROM:<a@b.example>"), HasSubstr("250 2.1.0"));
    EXPECT_THAT(client.command("RCPT TO:<no@here.example>"), HasSubstr("550 5.1.1"));
    EXPECT_THAT(client.command("RCPT TO:<joe@here.example>"), HasSubstr("250 2.1.5"));
}

}
