// The lists of what is refused: how their entries are read, and what the built qmail-smtpd makes of
// them.
#include "base/mail/pattern_list.hpp"
#include "base/settings.hpp"
#include "base/sys/cdb.hpp"
#include "inject/capture.hpp"
#include "smtpd/lax.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

using namespace grapnel;
using namespace grapnel::smtpd;
using namespace grapnel::test;
using testing::HasSubstr;
using testing::Not;

namespace {

PatternList list(const std::vector<std::string>& lines)
{
    std::vector<std::string> complaints;
    PatternList result;
    result.add(lines, "list", complaints);
    EXPECT_TRUE(complaints.empty()) << complaints.front();
    return result;
}

TEST(PatternList, ReadsEntriesAsEachOfTheirOrigins)
{
    struct Case {
        std::string entry, address;
        bool fits;
    };
    const std::vector<Case> cases{
        {"a@b.example", "A@B.example", true},
        {"a@b.example", "xa@b.example", false},
        {"a.c@b.example", "abc@b.example", false},
        {"@b.example", "any@b.example", true},
        {"@b.example", "any@sub.b.example", false},
        {"b.example", "any@b.example", false},
        {"a+b@c.example", "a+b@c.example", true},
        {"a+b@c.example", "aab@c.example", false},
        {"*@b.example", "any@B.example", true},
        {"*@b.example", "any@b-example", false},
        {"spam?@*", "spam1@x.example", true},
        {"spam?@*", "spam12@x.example", false},
        {"^spam", "SPAMMER@x.example", true},
        {"^spam", "nospam@x.example", false},
        {".*@.*\\.bad$", "a@x.bad", true},
        {"@(one|two)\\.example$", "a@two.example", true},
        {"@(one|two)\\.example$", "a@three.example", false},
        {"!@here.example", "a@there.example", true},
        {"!@here.example", "a@HERE.example", false},
        {"!@", "nobody", true},
        {"!@", "a@x.example", false},
        {"!^[a-z]+@", "a1@x.example", true},
        {"!^[a-z]+@", "ab@x.example", false},
    };
    for (const auto& [entry, address, fits] : cases)
        EXPECT_EQ(list({entry}).find(address).has_value(), fits) << entry << ' ' << address;
}

TEST(PatternList, KeepsTheWordsOfAnEntryAndNamesWhatItCannotRead)
{
    const auto words = list({"a@b.example\t450 4.7.1 later", "^x  550 never", "@c.example"});
    EXPECT_EQ(words.find("a@b.example"), "450 4.7.1 later");
    EXPECT_EQ(words.find("xy@z.example"), "550 never");
    EXPECT_EQ(words.find("d@c.example"), "");
    std::vector<std::string> complaints;
    PatternList bad;
    bad.add({"[a-", "^" + std::string(1001, 'x'), "ok@x.example"}, "badrcptto", complaints);
    ASSERT_EQ(complaints.size(), 2u);
    EXPECT_THAT(complaints[0], HasSubstr("badrcptto: [a-: "));
    EXPECT_THAT(complaints[1], HasSubstr("longer than 1000"));
    EXPECT_TRUE(bad.find("ok@x.example"));
}

class RefusedLists : public ::testing::Test {
protected:
    RefusedLists() { home.control("rcpthosts", "here.example"); }

    // Everything that is said, and the log behind it.
    std::string talk(const std::string& input, std::vector<std::string> variables = {})
    {
        variables.emplace_back("LSAN_OPTIONS=detect_leaks=0");
        for (const auto& variable : capture.environment()) variables.push_back(variable);
        const auto done = run({{home.program("qmail-smtpd")}, home.environment(variables)}, input);
        return done.output + done.errors;
    }
    std::string rcpt(const std::string& recipient, std::vector<std::string> variables = {},
                     const std::string& sender = "a@b.example")
    {
        variables.emplace_back("TCPREMOTEIP=192.0.2.1");
        return talk("EHLO client.example\r\nMAIL FROM:<" + sender + ">\r\nRCPT TO:<" + recipient +
                        ">\r\nQUIT\r\n",
                    variables);
    }

    TempHome home;
    Capture capture;
};

TEST_F(RefusedLists, RecipientsAreRefusedForEverybodyOrForStrangers)
{
    home.control("badrcptto", "^spamtrap\nold@here.example 550 5.1.6 moved to new@here.example");
    home.control("badmailto", "older@here.example");
    home.control("badrcpttonorelay", "inside@here.example");
    const std::vector<std::string> friendly{"RELAYCLIENT="};
    EXPECT_THAT(rcpt("spamtrap7@here.example"), HasSubstr("553 5.7.1 sorry, your envelope recip"));
    EXPECT_THAT(rcpt("old@here.example"), HasSubstr("550 5.1.6 moved to new@here.example\r\n"));
    EXPECT_THAT(rcpt("older@here.example", friendly), HasSubstr("why=badrcptto"));
    EXPECT_THAT(rcpt("inside@here.example"), HasSubstr("why=badrcptto"));
    EXPECT_THAT(rcpt("inside@here.example", friendly), HasSubstr("250 2.1.5 ok"));
    EXPECT_THAT(rcpt("joe@here.example"), HasSubstr("250 2.1.5 ok"));
}

TEST_F(RefusedLists, SendersAndNamesAreRefusedAtRcptSoThatPostmasterIsReachable)
{
    home.control("badmailfrom", "*@bad.example");
    home.control("badmailfromnorelay", "@here.example");
    home.control("badhelo", "^client\\.example$ 550 5.7.1 not by that name");
    const auto said = talk("EHLO other.example\r\nMAIL FROM:<x@bad.example>\r\n"
                           "RCPT TO:<joe@here.example>\r\nRCPT TO:<postmaster@here.example>\r\n");
    EXPECT_THAT(said, HasSubstr("250 2.1.0 ok\r\n553 5.7.1 sorry, your envelope sender"));
    EXPECT_THAT(said, HasSubstr("250 2.1.5 ok"));
    EXPECT_THAT(rcpt("joe@here.example"), HasSubstr("550 5.7.1 not by that name"));
    EXPECT_THAT(rcpt("postmaster@here.example"), HasSubstr("250 2.1.5 ok"));
    home.no_control("badhelo");
    EXPECT_THAT(rcpt("joe@here.example", {}, "me@here.example"), HasSubstr("why=badmailfrom"));
    EXPECT_THAT(rcpt("joe@here.example", {"RELAYCLIENT="}, "me@here.example"),
                HasSubstr("250 2.1.5 ok"));
    EXPECT_THAT(rcpt("joe@here.example", {}, ""), HasSubstr("250 2.1.5 ok"));
}

TEST_F(RefusedLists, ClientsAreToldBeforeTheGreeting)
{
    home.control("badclients", "192.0.2.\n198.51.100.0/24 421 4.7.0 later\n=.bad.example\nrubbish");
    EXPECT_THAT(rcpt("joe@here.example"), HasSubstr("554 5.7.1 sorry, no mail is taken from you"));
    EXPECT_THAT(rcpt("joe@here.example", {"RELAYCLIENT="}), HasSubstr("250 2.1.5 ok"));
    const auto network = talk("QUIT\r\n", {"TCPREMOTEIP=198.51.100.7"});
    EXPECT_TRUE(network.starts_with("421 ")) << network;
    EXPECT_THAT(network, HasSubstr("badclients: bad line: rubbish"));
    EXPECT_THAT(talk("QUIT\r\n", {"TCPREMOTEIP=203.0.113.1", "TCPREMOTEHOST=x.bad.example"}),
                HasSubstr("why=badclients"));
    EXPECT_THAT(talk("QUIT\r\n", {"TCPREMOTEIP=203.0.113.1"}), HasSubstr("220 "));
}

// RFC 7504.
TEST_F(RefusedLists, MayNameEverybodyOnAHostThatNeverTakesMail)
{
    home.control("badclients", "0.0.0.0/0 521 5.3.2 no mail here\n::/0 521 5.3.2 no mail here");
    for (const auto* client : {"TCPREMOTEIP=203.0.113.1", "TCPREMOTEIP=2001:db8::1"}) {
        const auto replies = talk("EHLO a.example\r\nQUIT\r\n", {client});
        EXPECT_TRUE(replies.starts_with("521 5.3.2 no mail here\r\n503 5.5.1 ")) << replies;
        EXPECT_THAT(replies, HasSubstr("\r\n221 2.0.0 "));
    }
}

TEST_F(RefusedLists, OnlyListedRecipientsExist)
{
    CdbWriter table(home / "control/validrcptto.cdb");
    for (const auto* key : {"joe@here.example", "@there.example", "-gone@there.example"})
        table.add(key, "");
    table.finish();
    home.control("rcpthosts", "here.example\nthere.example");
    EXPECT_THAT(rcpt("Joe@here.example"), HasSubstr("250 2.1.5 ok"));
    EXPECT_THAT(rcpt("jim@here.example"), HasSubstr("550 5.1.1 sorry, no mailbox here"));
    EXPECT_THAT(rcpt("any@there.example"), HasSubstr("250 2.1.5 ok"));
    EXPECT_THAT(rcpt("gone@there.example"), HasSubstr("why=validrcptto"));
    EXPECT_THAT(rcpt("postmaster@here.example"), HasSubstr("250 2.1.5 ok"));
    EXPECT_THAT(rcpt("jim@here.example", {"RELAYCLIENT="}), HasSubstr("250 2.1.5 ok"));
    EXPECT_THAT(rcpt("jim@far.example"), HasSubstr("why=rcpthosts"));
    home.control("validrcptto", "jim@here.example");
    EXPECT_THAT(rcpt("JIM@here.example"), HasSubstr("250 2.1.5 ok"));
    home.write("control/validrcptto.cdb", "no cdb");
    EXPECT_THAT(rcpt("joe@here.example"), HasSubstr("421 "));
}

TEST_F(RefusedLists, ARecipientMayTakeSmallMailOnly)
{
    home.control("rcptdatabytes", "joe@here.example:100\n@small.example: 50");
    home.control("rcpthosts", "here.example\nsmall.example");
    const auto mail = [&](const std::string& to, const std::string& size, std::size_t bytes) {
        return talk("EHLO c.example\r\nMAIL FROM:<a@b.example>" + size + "\r\nRCPT TO:<" + to +
                    ">\r\nRCPT TO:<ann@here.example>\r\nDATA\r\n" + std::string(bytes, 'x') +
                    "\r\n.\r\nQUIT\r\n");
    };
    EXPECT_THAT(mail("joe@here.example", "", 90), HasSubstr("250 2.0.0 ok"));
    EXPECT_THAT(mail("joe@here.example", "", 150), HasSubstr("552 5.3.4 sorry, that message size"));
    EXPECT_THAT(mail("Any@Small.example", "", 60), HasSubstr("552 5.3.4"));
    EXPECT_THAT(mail("bob@here.example", "", 150), HasSubstr("250 2.0.0 ok"));
    // Who says it before loses this recipient only.
    const auto said = mail("joe@here.example", " SIZE=150", 150);
    EXPECT_THAT(said, HasSubstr("552 5.3.4 sorry, that message is too big for this recipient"));
    EXPECT_THAT(said, HasSubstr("250 2.0.0 ok"));
}

TEST_F(RefusedLists, UnknownUsersAreTakenWhereThatWordOfLaxSaysSo)
{
    home.control("validrcptto", "joe@here.example");
    home.control("lax", "qmail");
    EXPECT_THAT(rcpt("gone@here.example"), HasSubstr("why=validrcptto"));
    home.control("lax", "qmail lateuser");
    EXPECT_THAT(rcpt("gone@here.example"), Not(HasSubstr("why=validrcptto")));
}

TEST_F(RefusedLists, GuessersAreHungUpOn)
{
    home.control("validrcptto", "joe@here.example");
    home.control("brtlimit", "2");
    const std::string guess = "RCPT TO:<x@here.example>\r\n";
    const auto said =
        talk("EHLO c.example\r\nMAIL FROM:<a@b.example>\r\n" + guess + guess + "NOOP\r\n");
    EXPECT_THAT(said, HasSubstr("421 4.7.0 too many invalid addresses"));
    EXPECT_THAT(said, Not(HasSubstr("250 2.0.0")));
}

TEST_F(RefusedLists, ManyRecipientsTakeTheirTime)
{
    home.control("tarpitcount", "2");
    home.control("tarpitdelay", "1");
    const std::string to = "RCPT TO:<joe@here.example>\r\n";
    const auto timed = [&](const std::vector<std::string>& variables) {
        const auto begun = std::chrono::steady_clock::now();
        const auto said =
            talk("EHLO c.example\r\nMAIL FROM:<a@b.example>\r\n" + to + to + to + to + "QUIT\r\n",
                 variables);
        EXPECT_THAT(said, HasSubstr("221 "));
        return std::chrono::steady_clock::now() - begun;
    };
    EXPECT_GE(timed({}), std::chrono::seconds(2));
    EXPECT_LT(timed({"TARPITDELAY=0"}), std::chrono::seconds(2));
    EXPECT_LT(timed({"TARPITCOUNT=0"}), std::chrono::seconds(2));
}

TEST(Lax, HasTheWordsThatTheTableOfSettingsHas)
{
    const auto row = std::find_if(settings.begin(), settings.end(),
                                  [](const auto& setting) { return setting.name == "lax"; });
    ASSERT_NE(row, settings.end());
    std::vector<std::string> words, unknown;
    for (const auto word : split(row->words, ' ')) words.emplace_back(word);
    LaxWords::parse(words, true, &unknown);
    EXPECT_TRUE(unknown.empty()) << unknown.front();
    EXPECT_EQ(words.size(), static_cast<std::size_t>(Lax::qmail) + 1);
}

}
