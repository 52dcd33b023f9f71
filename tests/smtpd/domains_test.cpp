// control/mfcheck: what the DNS says of domains in MAIL and RCPT; and the host that never takes
// mail.
#include "smtpd/mail_domains.hpp"

#include "base/net/loop.hpp"
#include "smtpd/two_frames.hpp"
#include "support/fake_dns.hpp"
#include "support/wait.hpp"

#include <boost/asio/awaitable.hpp>
#include <gmock/gmock.h>

#include <chrono>

using namespace grapnel;
using namespace grapnel::smtpd;
using namespace grapnel::test;
using testing::Contains;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

namespace {

class Domains : public TwoFrames {
protected:
    Domains()
    {
        home.control("resolver", dns.address());
        dns.add_mx("good.example", 10, "mx.good.example")
            .add_a("host.example", "192.0.2.1")
            .add_aaaa("six.example", "2001:db8::1")
            .add_mx("null.example", 0, ".")
            .add_a("null.example", "192.0.2.2")
            .add_mx("mixed.example", 0, ".")
            .add_mx("mixed.example", 10, "mx.good.example")
            .add_txt("text.example", "no mail")
            .add_cname("alias.example", "good.example")
            .servfail("broken.example")
            .silent("silent.example");
    }

    FakeDns dns;
};

const Exchange hello{"EHLO a.example", "250"};
Exchange from(const std::string& address, const char* reply)
{
    return {"MAIL FROM:<" + address + '>', reply};
}
Exchange to(const std::string& address, const char* reply)
{
    return {"RCPT TO:<" + address + '>', reply};
}

TEST_P(Domains, OfSendersMustTakeMail)
{
    home.control("mfcheck", "1");
    start();
    hold({
        {"an MX", {hello, from("a@good.example", "250 2.1.0")}},
        {"addresses",
         {hello,
          from("a@host.example", "250 2.1.0"),
          {"RSET", "250"},
          from("a@six.example", "250 2.1.0")}},
        {"an alias", {hello, from("a@Alias.Example", "250 2.1.0")}},
        {"a null MX beside another", {hello, from("a@mixed.example", "250 2.1.0")}},
        {"no name", {hello, from("a@nowhere.example", "550 5.1.8")}},
        {"a name without either", {hello, from("a@text.example", "550 5.1.8")}},
        {"null MX", {hello, from("a@null.example", "550 5.7.27")}},
        {"trouble", {hello, from("a@broken.example", "451 4.1.8")}},
        {"a literal", {hello, from("a@[192.0.2.77]", "250 2.1.0")}},
        {"nobody", {hello, from("", "250 2.1.0")}},
        {"one of ours", {hello, from("a@here.example", "250 2.1.0")}},
        {"then another one",
         {hello, from("a@nowhere.example", "550 5.1.8"), to("b@here.example", "503 5.5.1"),
          from("a@good.example", "250 2.1.0"), to("b@here.example", "250 2.1.5")}},
    });
    EXPECT_THAT(dns.questions(), Not(Contains("MX here.example")));
}

TEST_P(Domains, AreAskedForInTheOrderOfTheCommands)
{
    home.control("mfcheck", "1");
    start();
    hold({
        {"refused",
         {hello,
          {"MAIL FROM:<a@nowhere.example>\r\nRCPT TO:<b@here.example>\r\nDATA\r\nNOOP\r\n",
           "550 5.1.8|503 5.5.1|503 5.5.1|250 2.0.0"}}},
        {"taken",
         {hello,
          {"MAIL FROM:<a@good.example>\r\nRCPT TO:<b@here.example>\r\nDATA\r\n",
           "250 2.1.0|250 2.1.5|354"},
          {"text\r\n.\r\nMAIL FROM:<a@null.example>\r\nQUIT\r\n",
           "250 2.0.0|550 5.7.27|221 2.0.0!"}}},
    });
    EXPECT_EQ(capture.take().size(), 1u);
}

TEST_P(Domains, OfRecipientsThatWeRelayToMayTakeNone)
{
    home.control("mfcheck", "1");
    start({"RELAYCLIENT="});
    hold({
        {"in one message",
         {hello,
          from("a@nowhere.example", "250 2.1.0"),
          to("b@null.example", "556 5.1.10"),
          {"DATA", "554 5.5.1"},
          to("b@good.example", "250 2.1.5"),
          to("b@null.example", "556 5.1.10"),
          to("b@nowhere.example", "250 2.1.5"),
          to("b@broken.example", "250 2.1.5"),
          to("b@[192.0.2.77]", "250 2.1.5"),
          to("b@here.example", "250 2.1.5"),
          {"DATA", "354"},
          {"text\r\n.", "250 2.0.0"}}},
    });
    EXPECT_THAT(dns.questions(), Not(Contains("MX here.example")));
    const auto taken = capture.take();
    ASSERT_EQ(taken.size(), 1u);
    using namespace std::string_literals;
    EXPECT_THAT(taken.front().envelope,
                StartsWith("Fa@nowhere.example\0Tb@good.example\0Tb@nowhere.example\0"
                           "Tb@broken.example\0Tb@[192.0.2.77]\0Tb@here.example\0\0"s));
}

// RFC 2033 4.2: a reply to the text for each recipient that was taken, and no other.
TEST_P(Domains, ThatTakeNoneGetNoReplyToTheText)
{
    home.control("mfcheck", "1");
    start_as("lmtp", {"RELAYCLIENT="});
    hold({{"LMTP",
           {{"LHLO a.example", "250"},
            from("a@good.example", "250 2.1.0"),
            to("b@null.example", "556 5.1.10"),
            to("b@here.example", "250 2.1.5"),
            {"DATA", "354"},
            {"text\r\n.\r\nQUIT", "250 2.0.0|221 2.0.0!"}}}});
}

TEST_P(Domains, AreNotAskedForUnlessTheOperatorWants)
{
    start();
    hold({{"off", {hello, from("a@nowhere.example", "250 2.1.0")}}});
    EXPECT_THAT(dns.questions(), IsEmpty());
}

TEST_P(Domains, AreAskedForAsTheVariableSays)
{
    start({"MFCHECK=1"});
    hold({{"on", {hello, from("a@nowhere.example", "550 5.1.8")}}});
}

TEST_P(Domains, AreNotAskedForWhereTheVariableSaysNo)
{
    home.control("mfcheck", "1");
    start({"MFCHECK=0"});
    hold({{"off", {hello, from("a@nowhere.example", "250 2.1.0")}}});
    EXPECT_THAT(dns.questions(), IsEmpty());
}

TEST_P(Domains, ThatNobodyAnswersForHoldUpNobodyElse)
{
    home.control("mfcheck", "1");
    start();
    auto& waits = connect();
    waits.send("EHLO a.example\r\n");
    waits.reply();
    waits.send("MAIL FROM:<a@silent.example>\r\n");
    EXPECT_TRUE(wait_until([&] {
        const auto questions = dns.questions();
        return std::find(questions.begin(), questions.end(), "MX silent.example") !=
               questions.end();
    }));
    hold(connect(), {hello, from("a@good.example", "250 2.1.0"), {"QUIT", "221 2.0.0!"}});
    leave();   // and who waits may go
    hold({{"afterwards", {hello, from("a@host.example", "250 2.1.0")}}});
}

TEST_P(Domains, OfTheHostThatNeverTakesMail)
{
    home.control("badclients", "0.0.0.0/0 521 5.3.2 this host takes no mail\n"
                               "::/0 521 5.3.2 this host takes no mail");
    start({"TCPREMOTEIP=192.0.2.1"});
    hold({{"RFC 7504",
           {{"EHLO a.example", "503 5.5.1"},
            {"MAIL FROM:<a@good.example>", "503 5.5.1"},
            {"QUIT", "221 2.0.0!"}}}});
}

INSTANTIATE_TEST_SUITE_P(Frames, Domains, all_frames,
                         [](const auto& frame) { return name(frame.param); });

// How it is found out, without a session.
MailDomain look_up(FakeDns& server, const std::string& domain, std::chrono::milliseconds limit)
{
    MailDomain found{};
    net::run_until_done([&]() -> boost::asio::awaitable<void> {
        const auto executor = co_await net::this_executor();
        const auto dns = net::make_dns(executor, {server.address()});
        MailDomains domains(*dns);
        found = co_await domains.find(domain, limit);
    });
    return found;
}

TEST(MailDomains, AreDoubtfulWhereNobodyAnswersInTime)
{
    FakeDns dns;
    dns.silent("silent.example").add_mx("good.example", 1, "mx.good.example");
    EXPECT_EQ(look_up(dns, "silent.example", std::chrono::milliseconds(300)), MailDomain::doubtful);
    EXPECT_EQ(look_up(dns, "good.example", std::chrono::seconds(30)), MailDomain::reachable);
}

TEST(MailDomains, ThatCannotBeNamesAreNowhere)
{
    FakeDns dns;
    EXPECT_EQ(look_up(dns, "a..example", std::chrono::seconds(30)), MailDomain::nowhere);
    EXPECT_EQ(look_up(dns, std::string(64, 'a') + ".example", std::chrono::seconds(30)),
              MailDomain::nowhere);
}

}
