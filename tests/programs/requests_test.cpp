// What a client asks for with MAIL and RCPT, from qmail-smtpd through a restart to what comes of
// it: at the next host, in the Maildir, in the notices.
#include "programs/pipeline.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <ctime>

using namespace grapnel::test;
using testing::HasSubstr;
using testing::Not;

namespace {

struct ClientsRequests : Pipeline {
    ClientsRequests() { home.control("smtpext", "+DELIVERBY +FUTURERELEASE +MT-PRIORITY"); }

    // The reply to the text; parameters with a blank before them.
    static std::string send(const Instance& mta, const std::string& mail, const std::string& to,
                            const std::string& rcpt = {})
    {
        SmtpClient client(mta.port());
        for (const auto& line :
             {std::string("EHLO client.example"), "MAIL FROM:<joe@here.example>" + mail,
              "RCPT TO:<" + to + '>' + rcpt})
            if (const auto reply = client.command(line); !reply.starts_with("250")) return reply;
        client.command("DATA");
        client.send(as_data("Message-ID: <1@client.example>\n" + a_message()));
        return client.reply();
    }
    std::string notice(const Instance& mta, std::size_t which = 0)
    {
        if (!wait_for_maildir(maildir, which + 1)) return mta.log();
        return maildir_messages(maildir)[which];
    }
    Finished hold(std::vector<std::string> words) const
    {
        words.insert(words.begin(), home.program("qmail-hold"));
        return run({.argv = words, .environment = home.environment()});
    }
    // "#12  until …" gives "12", once it is listed.
    std::string held() const
    {
        std::string list;
        wait_until([&] { return !(list = hold({"list"}).output).empty(); });
        return list.substr(list.find('#') + 1, list.find(' ') - list.find('#') - 1);
    }
    static void restart(Instance& mta)
    {
        EXPECT_TRUE(mta.stop_send());
        mta.start_send();
    }
    static std::string command(const SmtpScript& far, const std::string& verb)
    {
        for (const auto& session : far.sessions())
            for (const auto& line : session.commands)
                if (line.starts_with(verb)) return line;
        return {};
    }
};

const std::vector<std::string> modern{"PIPELINING", "8BITMIME",    "SMTPUTF8",
                                      "DSN",        "DELIVERBY 5", "MT-PRIORITY"};

TEST_F(ClientsRequests, GoOnToAHostThatKnowsThemThroughARestart)
{
    const SmtpScript far(std::vector<ScriptBehaviour>{
        {.extensions = modern, .rules = {{"MAIL", "451 4.3.0 later"}}}, {.extensions = modern}});
    next_hop(far.route());
    Instance mta(home);
    EXPECT_THAT(send(mta, " RET=HDRS ENVID=QQ+2B1 BY=86400;NT MT-PRIORITY=-2 SMTPUTF8",
                     "\xc3\xb6@far.example", " NOTIFY=SUCCESS,DELAY ORCPT=utf-8;\xc3\xb6@x"),
                HasSubstr("250 2.0.0"));
    ASSERT_TRUE(mta.wait_for_log("deferral: "));
    restart(mta);
    mta.alarm();
    ASSERT_TRUE(far.wait_for_messages(1)) << mta.log();
    const auto commands = far.sessions().back().commands;
    ASSERT_GE(commands.size(), 3u);
    const auto &mail = commands[1], &rcpt = commands[2];
    EXPECT_THAT(mail, HasSubstr(" RET=HDRS ENVID=QQ+2B1 BY=86"));
    EXPECT_THAT(mail, HasSubstr(";NT MT-PRIORITY=-2 SMTPUTF8"));
    EXPECT_EQ(rcpt, "RCPT TO:<\xc3\xb6@far.example> NOTIFY=SUCCESS,DELAY ORCPT=utf-8;\xc3\xb6@x");
    EXPECT_TRUE(mta.wait_until_empty());
}

TEST_F(ClientsRequests, OfASuccessAreKeptHereWhereTheNextHostCannot)
{
    const SmtpScript far({.extensions = {"PIPELINING"}});
    next_hop(far.route());
    Instance mta(home);
    send(mta, " ENVID=x", "bob@far.example", " NOTIFY=SUCCESS ORCPT=rfc822;b@x");
    const auto relayed = notice(mta);
    EXPECT_THAT(relayed, HasSubstr("\nSubject: success notice\n"));
    EXPECT_THAT(relayed, HasSubstr("\nIn-Reply-To: <1@client.example>\n"
                                   "References: <1@client.example>\n"));
    EXPECT_THAT(relayed, HasSubstr("\nOriginal-Envelope-Id: x\n"));
    EXPECT_THAT(relayed, HasSubstr("\nOriginal-Recipient: rfc822; b@x\n"
                                   "Final-Recipient: rfc822; bob@far.example\n"
                                   "Action: relayed\n"));
    EXPECT_EQ(command(far, "MAIL"), "MAIL FROM:<joe@here.example>");
    EXPECT_EQ(command(far, "RCPT"), "RCPT TO:<bob@far.example>");
    EXPECT_TRUE(mta.wait_until_empty());
}

TEST_F(ClientsRequests, OfADeliveryHereAreAnsweredAndSilenceIsKept)
{
    home.user("ann");
    Instance mta(home);
    send(mta, "", "ann@here.example", " NOTIFY=SUCCESS");
    EXPECT_THAT(notice(mta), HasSubstr("\nFinal-Recipient: rfc822; ann@here.example\n"
                                       "Action: delivered\nStatus: 2.0.0\n"));
    send(mta, "", "nobody@here.example", " NOTIFY=NEVER");
    send(mta, "", "nobody@here.example", " NOTIFY=SUCCESS,DELAY");
    EXPECT_TRUE(mta.wait_until_empty());
    EXPECT_EQ(maildir_count(maildir), 1u);
    send(mta, " RET=HDRS ENVID=y", "nobody@here.example", " NOTIFY=FAILURE");
    ASSERT_TRUE(wait_for_maildir(maildir, 2)) << mta.log();
    EXPECT_TRUE(mta.wait_until_empty());
    std::string failed;
    for (const auto& one : maildir_messages(maildir))
        if (one.find("failure notice") != std::string::npos) failed = one;
    EXPECT_THAT(failed, HasSubstr("\nReferences: <1@client.example>\n"));
    EXPECT_THAT(failed, HasSubstr("\nAction: failed\nStatus: 5.1.1\n"));
    EXPECT_THAT(failed, HasSubstr("Content-Type: text/rfc822-headers\n"));
    EXPECT_THAT(failed, Not(HasSubstr("Dear Joe")));
}

TEST_F(ClientsRequests, GoAlongWhereAUserSendsHisMailOn)
{
    const SmtpScript far({.extensions = modern});
    next_hop(far.route());
    dot_qmail("bob@far.example\n", "away");
    Instance mta(home);
    send(mta, " ENVID=z", "joe-away@here.example", " NOTIFY=FAILURE ORCPT=rfc822;o@x");
    ASSERT_TRUE(far.wait_for_messages(1)) << mta.log();
    EXPECT_THAT(command(far, "MAIL"), HasSubstr(" ENVID=z"));
    EXPECT_EQ(command(far, "RCPT"), "RCPT TO:<bob@far.example> NOTIFY=FAILURE ORCPT=rfc822;o@x");
}

TEST_F(ClientsRequests, ToWaitAreKeptThroughARestartUntilSomebodyReleasesOrCancels)
{
    home.user("ann");
    const auto anns = home.path() + "/ann/Maildir";
    Instance mta(home);
    EXPECT_THAT(send(mta, " HOLDFOR=86400", "ann@here.example"), HasSubstr("250 2.0.0"));
    const auto first = held();
    restart(mta);
    mta.alarm();
    EXPECT_EQ(held(), first);
    EXPECT_EQ(hold({"release", first}).ending.code, 0) << mta.log();
    EXPECT_TRUE(mta.wait_until_empty()) << mta.log();
    EXPECT_TRUE(mta.wait_for_log("success: "));

    const auto soon = std::time(nullptr) + 86400;
    std::string until(32, '\0');
    std::tm parts{};
    ::gmtime_r(&soon, &parts);
    until.resize(std::strftime(until.data(), until.size(), "%Y-%m-%dT%H:%M:%SZ", &parts));
    EXPECT_THAT(send(mta, " HOLDUNTIL=" + until, "ann@here.example", " NOTIFY=SUCCESS,FAILURE"),
                HasSubstr("250 2.0.0"));
    EXPECT_EQ(hold({"cancel", held()}).ending.code, 0) << mta.log();
    EXPECT_TRUE(mta.wait_until_empty()) << mta.log();
    EXPECT_EQ(mta.log_count("success: "), 1u);
    EXPECT_EQ(maildir_count(maildir), 0u) << "nobody is told";
}

TEST_F(ClientsRequests, ToWaitEndByThemselves)
{
    Instance mta(home);
    EXPECT_THAT(send(mta, " HOLDFOR=1", "joe@here.example"), HasSubstr("250 2.0.0"));
    EXPECT_THAT(notice(mta), HasSubstr("Dear Joe"));
}

// RFC 2852 4.
TEST_F(ClientsRequests, ToDeliverByATimeOrNotAtAllAreKept)
{
    const SmtpScript old;
    const SmtpScript slow({.extensions = {"DELIVERBY 5000"}});
    const SmtpScript busy({.extensions = modern, .rules = {{"RCPT", "451 4.3.0 later"}}});
    home.control("smtproutes", "old.example:" + old.route() + "\nslow.example:" + slow.route() +
                                   "\nbusy.example:" + busy.route());
    Instance mta(home);
    for (const std::string who : {"old", "slow"}) {
        send(mta, " BY=1000;R", "bob@" + who + ".example");
        ASSERT_TRUE(mta.wait_until_empty()) << mta.log();
    }
    ASSERT_TRUE(wait_for_maildir(maildir, 2)) << mta.log();
    for (const auto& one : maildir_messages(maildir)) {
        EXPECT_THAT(one, HasSubstr("\nDeliver-By-Date: "));
        EXPECT_THAT(one, HasSubstr("\nAction: failed\nStatus: 5.4.7\n"));
    }
    EXPECT_EQ(command(old, "MAIL") + command(slow, "MAIL"), "");
    send(mta, " BY=8;R", "bob@busy.example");
    restart(mta);
    ASSERT_TRUE(wait_for_maildir(maildir, 3)) << mta.log();
    EXPECT_TRUE(mta.wait_until_empty());
}

// RFC 6531 3.5, 6533.
TEST_F(ClientsRequests, OfInternationalMailComeBackFromAHostThatCannotTakeIt)
{
    const SmtpScript far({.extensions = {"8BITMIME"}});
    next_hop(far.route());
    Instance mta(home);
    send(mta, " SMTPUTF8", "\xc3\xb6@far.example");
    const auto failed = notice(mta);
    EXPECT_THAT(failed, HasSubstr("(#5.6.7)"));
    EXPECT_EQ(command(far, "MAIL"), "");
    send(mta, " SMTPUTF8", "bob@b\xc3\xbc\x63her.example");
    ASSERT_TRUE(far.wait_for_messages(1)) << mta.log();
    EXPECT_EQ(command(far, "RCPT"), "RCPT TO:<bob@xn--bcher-kva.example>");
}

// RFC 7293: joe@here.example has been joe's since 2014-04-04.
struct OwnersOfMailboxes : ClientsRequests {
    OwnersOfMailboxes()
    {
        home.control("smtpext", "+RRVS");
        home.control("ownersince", "joe-x@here.example:2014-04-04");
        dot_qmail("./Maildir/\n", "x");
    }
    // With this field in its header.
    static void send_with(const Instance& mta, const std::string& to, const std::string& date)
    {
        SmtpClient client(mta.port());
        for (const auto& line :
             {std::string("EHLO client.example"), std::string("MAIL FROM:<joe@here.example>"),
              "RCPT TO:<" + to + '>', std::string("DATA")})
            client.command(line);
        client.send(
            as_data("Require-Recipient-Valid-Since: " + to + "; " + date + "\n" + a_message()));
        EXPECT_THAT(client.reply(), HasSubstr("250 "));
    }
};

TEST_F(OwnersOfMailboxes, AreAskedForAtOnceAndWhereTheMailArrives)
{
    Instance mta(home);
    EXPECT_THAT(send(mta, "", "joe-x@here.example", " RRVS=2014-04-03T00:00:00Z"),
                HasSubstr("550 5.7.17"));
    EXPECT_THAT(send(mta, "", "joe-x@here.example", " RRVS=2014-04-04T00:00:00Z"),
                HasSubstr("250 2.0.0"));
    ASSERT_TRUE(wait_for_maildir(maildir, 1)) << mta.log();
    send_with(mta, "joe-x@here.example", "5 Apr 2014 00:00:00 +0000");
    ASSERT_TRUE(wait_for_maildir(maildir, 2)) << mta.log();
    for (const auto& one : maildir_messages(maildir))
        EXPECT_THAT(one, Not(HasSubstr("Require-Recipient")));
    send_with(mta, "joe-x@here.example", "3 Apr 2014 00:00:00 +0000");
    ASSERT_TRUE(wait_for_maildir(maildir, 3)) << mta.log();
    EXPECT_TRUE(mta.wait_until_empty());
    std::string failed;
    for (const auto& one : maildir_messages(maildir))
        if (one.find("failure notice") != std::string::npos) failed = one;
    EXPECT_THAT(failed, HasSubstr("that mailbox has changed its owner since. (#5.7.17)"));
}

TEST_F(OwnersOfMailboxes, AreNotAskedForWhereMailIsSentOnTo)
{
    const SmtpScript far({.extensions = {"RRVS"}});
    next_hop(far.route());
    dot_qmail("bob@far.example\n", "x");
    Instance mta(home);
    send(mta, "", "joe-x@here.example", " RRVS=2014-04-05T00:00:00Z");
    ASSERT_TRUE(far.wait_for_messages(1)) << mta.log();
    EXPECT_EQ(command(far, "RCPT"), "RCPT TO:<bob@far.example>");
    send_with(mta, "joe-x@here.example", "5 Apr 2014 00:00:00 +0000");
    ASSERT_TRUE(far.wait_for_messages(2)) << mta.log();
    for (const auto& message : far.messages())
        EXPECT_THAT(message, Not(HasSubstr("Require-Recipient")));
}

TEST_F(OwnersOfMailboxes, AreAskedForByTheNextHostOrInTheHeaderOrNotAtAll)
{
    const SmtpScript knows({.extensions = {"PIPELINING", "RRVS"}}), plain({.extensions = {"SIZE"}});
    home.control("smtproutes", "knows.example:" + knows.route() + "\nplain.example:" +
                                   plain.route() + "\nreads.example:" + plain.route());
    home.control("rrvsheader", ".example.org\nreads.example");
    Instance mta(home);
    send(mta, "", "bob@knows.example", " RRVS=2014-04-04T02:00:00+02:00;C");
    ASSERT_TRUE(knows.wait_for_messages(1)) << mta.log();
    EXPECT_EQ(command(knows, "RCPT"),
              "RCPT TO:<bob@knows.example> RRVS=2014-04-04T02:00:00+02:00;C");
    send_with(mta, "ann@knows.example", "5 Apr 2014 00:00:00 +0000");
    ASSERT_TRUE(knows.wait_for_messages(2)) << mta.log();
    const auto sessions = knows.sessions();
    EXPECT_TRUE(std::any_of(sessions.begin(), sessions.end(), [](const auto& session) {
        const auto& all = session.commands;
        return std::count(all.begin(), all.end(),
                          "RCPT TO:<ann@knows.example> RRVS=2014-04-05T00:00:00Z;C") == 1;
    }));
    send(mta, "", "bob@reads.example", " RRVS=2014-04-04T02:00:00+02:00;C");
    ASSERT_TRUE(plain.wait_for_messages(1)) << mta.log();
    EXPECT_THAT(plain.messages().front(),
                testing::StartsWith("Require-Recipient-Valid-Since: bob@reads.example; "
                                    "Fri, 4 Apr 2014 00:00:00 +0000\nReceived: "));
    send(mta, "", "bob@plain.example", " RRVS=2014-04-04T02:00:00+02:00;C");
    ASSERT_TRUE(plain.wait_for_messages(2)) << mta.log();
    EXPECT_THAT(plain.messages().back(), Not(HasSubstr("Require-Recipient")));
    send(mta, "", "bob@plain.example", " RRVS=2014-04-04T02:00:00+02:00");
    EXPECT_THAT(notice(mta), HasSubstr("5.7.19"));
    EXPECT_TRUE(mta.wait_until_empty());
    EXPECT_EQ(plain.messages().size(), 2u);
}

}
