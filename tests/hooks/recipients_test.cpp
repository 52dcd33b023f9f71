#include "hooks/answers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace grapnel::hooks;
using grapnel::net::SteadyClock;
using testing::ElementsAre;
using testing::IsEmpty;

namespace {

std::vector<std::string> addresses(const Applied& applied)
{
    std::vector<std::string> result;
    for (const auto& recipient : applied.facts.envelope->to) result.push_back(recipient.address);
    return result;
}

std::string add(const std::string& address, const std::string& more = "")
{
    return R"({"add":[{"path":"/envelope/to","value":{"address":")" + address + "\"}" + more +
           "}]}";
}

// C58.
TEST(AddedRecipient, IsWhatOurPolicySays)
{
    Answering at_data(Stage::data);
    at_data.policy = {{"yes@example.net", AddAnswer::yes}, {"far@example.org", AddAnswer::foreign}};
    EXPECT_THAT(addresses(at_data(add("yes@example.net"))),
                ElementsAre("ben@example.net", "cyd@example.net", "yes@example.net"));
    EXPECT_EQ(at_data(add("no@example.net")).failed.at(0).reason, "not accepted as a recipient");
    EXPECT_EQ(at_data(add("far@example.org")).failed.at(0).reason, "would be relayed");
    at_data.relay_recipients = true;
    EXPECT_THAT(at_data(add("far@example.org")).failed, IsEmpty());
    EXPECT_FALSE(at_data(add("no@example.net")).failed.empty());
}

TEST(AddedRecipient, IsNoneWhereThereAreAsManyAsOneMessageMayHave)
{
    Answering at_data(Stage::data);
    at_data.policy = {{"yes@example.net", AddAnswer::yes}, {"too@example.net", AddAnswer::yes}};
    at_data.facts.recipient_limit = 3;
    EXPECT_THAT(at_data(add("yes@example.net")).failed, IsEmpty());
    at_data.facts.recipient_limit = 2;
    EXPECT_EQ(at_data(add("yes@example.net")).failed.at(0).reason, "too many recipients");
    const std::string others =
        R"({"set":[{"path":"/envelope/to","value":[{"address":"yes@example.net"},)"
        R"({"address":"too@example.net"}]}]})";
    EXPECT_THAT(addresses(at_data(others)), ElementsAre("yes@example.net", "too@example.net"));
    at_data.facts.recipient_limit = 1;   // more than that were there before
    EXPECT_THAT(addresses(at_data(others)), ElementsAre("yes@example.net", "too@example.net"));
}

TEST(AddedRecipient, IsNotAskedAboutTwice)
{
    Answering at_data(Stage::data);
    at_data(
        R"({"add":[{"path":"/envelope/to","value":{"address":"no@example.net"}},
                       {"path":"/envelope/to","value":{"address":"no@EXAMPLE.net"}}]})");
    EXPECT_THAT(at_data.asked, ElementsAre("no@example.net"));
}

TEST(AddedRecipient, WithBadSyntaxIsNotAskedAbout)
{
    Answering at_data(Stage::data);
    for (const auto* const address : {"x", "", "a@b>", "<a@b>", "@x:a@b", "a b@c", "j\xC3\xB6@x"})
        EXPECT_EQ(at_data(add(address)).failed.size(), 1U) << address;
    EXPECT_THAT(at_data.asked, IsEmpty());
    at_data.facts.smtputf8 = true;
    at_data(add("j\xC3\xB6@x"));
    EXPECT_THAT(at_data.asked, ElementsAre("j\xC3\xB6@x"));
}

TEST(AddedRecipient, IsNotThereTwice)
{
    Answering at_data(Stage::data);
    EXPECT_EQ(at_data(add("ben@EXAMPLE.net")).failed.at(0).reason, "a recipient already");
    EXPECT_THAT(at_data.asked, IsEmpty());
    at_data.policy["Ben@example.net"] = AddAnswer::yes;
    EXPECT_THAT(at_data(add("Ben@example.net")).failed, IsEmpty());
}

TEST(AddedRecipient, ComesWhereTheIndexSays)
{
    Answering at_data(Stage::data);
    at_data.policy["eve@example.net"] = AddAnswer::yes;
    EXPECT_THAT(addresses(at_data(add("eve@example.net", ",\"index\":0"))),
                ElementsAre("eve@example.net", "ben@example.net", "cyd@example.net"));
    EXPECT_THAT(addresses(at_data(add("eve@example.net", ",\"index\":null"))),
                ElementsAre("ben@example.net", "cyd@example.net", "eve@example.net"));
    EXPECT_EQ(at_data(add("eve@example.net", ",\"index\":3")).failed.size(), 1U);
    EXPECT_THAT(
        addresses(at_data(
            R"({"add":[{"path":"/envelope/to/1","value":{"address":"eve@example.net"}}]})")),
        ElementsAre("ben@example.net", "eve@example.net", "cyd@example.net"));
    EXPECT_EQ(
        at_data(R"({"add":[{"path":"/envelope/to/3","value":{"address":"eve@example.net"}}]})")
            .failed.size(),
        1U);
    EXPECT_EQ(
        at_data(
            R"({"add":[{"path":"/envelope/to/0","value":{"address":"eve@example.net"},"index":0}]})")
            .failed.size(),
        1U);
}

TEST(AddedRecipient, MayHaveNotifyAndOrcptAlone)
{
    Answering at_data(Stage::data);
    at_data.policy["eve@example.net"] = AddAnswer::yes;
    const auto good = at_data(
        R"({"add":[{"path":"/envelope/to","value":{"address":"eve@example.net","parameters":{"notify":"NEVER"}}}]})");
    EXPECT_EQ(good.facts.envelope->to.at(2).parameters, (EsmtpParameters{{"NOTIFY", "NEVER"}}));
    const auto bad = at_data(
        R"({"add":[{"path":"/envelope/to","value":{"address":"eve@example.net","parameters":{"X":"1"}}}]})");
    EXPECT_EQ(bad.failed.size(), 1U);
    const auto twice = at_data(
        R"({"add":[{"path":"/envelope/to","value":{"address":"eve@example.net","parameters":{"NOTIFY":"NEVER","notify":"DELAY"}}}]})");
    EXPECT_EQ(twice.failed.size(), 1U);
}

TEST(AddedRecipient, OfAThousandsEachIsAskedAboutOnceAndNoMore)
{
    Answering at_data(Stage::data);
    std::string edits;
    for (int n = 0; n < 1500; ++n)
        edits += (n ? "," : "") + std::string(R"({"address":"r)") + std::to_string(n) +
                 R"(@x.example"})";
    at_data(R"({"set":[{"path":"/envelope/to","value":[)" + edits + "]}]}");
    EXPECT_THAT(at_data.asked, IsEmpty());   // more than can be added
    for (int n = 0; n < 900; ++n)
        at_data.policy["r" + std::to_string(n) + "@x.example"] = AddAnswer::yes;
    const auto first = edits.substr(0, edits.find(R"(,{"address":"r900@)"));
    EXPECT_EQ(at_data(R"({"set":[{"path":"/envelope/to","value":[)" + first + "]}]}")
                  .facts.envelope->to.size(),
              900U);
    EXPECT_EQ(at_data.asked.size(), 900U);
}

TEST(AddedRecipient, WhoseAnswerComesTooLateEndsIt)
{
    Answering at_data(Stage::data);
    at_data.policy["eve@example.net"] = AddAnswer::yes;
    at_data.deadline = SteadyClock::now() + std::chrono::milliseconds(50);
    at_data.while_asked = [&] {   // longer than a turn, and beyond the deadline
        const auto end =
            std::max(at_data.deadline, SteadyClock::now() + std::chrono::milliseconds(20));
        while (SteadyClock::now() < end) continue;
    };
    EXPECT_EQ(at_data(add("eve@example.net")).verdict, Applied::Verdict::too_slow);
}

TEST(ChangedRecipient, KeepsWhatIsNotGiven)
{
    Answering at_data(Stage::data);
    at_data.policy["eve@example.net"] = AddAnswer::yes;
    const auto whole =
        at_data(R"({"set":[{"path":"/envelope/to/0","value":{"address":"eve@example.net"}}]})");
    EXPECT_EQ(whole.facts.envelope->to.at(0),
              (Recipient{"eve@example.net", {{"NOTIFY", "FAILURE"}}, {}}));
    const auto address =
        at_data(R"({"set":[{"path":"/envelope/to/0/address","value":"eve@example.net"}]})");
    EXPECT_EQ(address.facts, whole.facts);
    const auto none = at_data(R"({"delete":[{"path":"/envelope/to/0/parameters"}]})");
    EXPECT_EQ(none.facts.envelope->to.at(0), (Recipient{"ben@example.net", {}, {}}));
}

TEST(ChangedRecipient, IsAskedAboutWhereItIsAnother)
{
    Answering at_data(Stage::data);
    const auto same =
        at_data(R"({"set":[{"path":"/envelope/to/0/address","value":"ben@EXAMPLE.NET"}]})");
    EXPECT_THAT(same.failed, IsEmpty());
    EXPECT_THAT(at_data.asked, IsEmpty());
    const auto other =
        at_data(R"({"set":[{"path":"/envelope/to/0/address","value":"far@example.org"}]})");
    EXPECT_EQ(other.failed.size(), 1U);
    EXPECT_EQ(other.facts.envelope, at_data.facts.envelope);
    const auto known =
        at_data(R"({"set":[{"path":"/envelope/to/0/address","value":"cyd@example.net"}]})");
    EXPECT_EQ(known.failed.at(0).reason, "a recipient already");
}

TEST(RecipientList, IsReplacedAsAWhole)
{
    Answering at_data(Stage::data);
    at_data.policy["eve@example.net"] = AddAnswer::yes;
    const auto applied = at_data(
        R"({"set":[{"path":"/envelope/to","value":[{"address":"eve@example.net"},
            {"address":"ben@example.net"},{"address":"eve@example.net"}]}]})");
    EXPECT_THAT(applied.failed, IsEmpty());
    EXPECT_THAT(applied.facts.envelope->to,
                ElementsAre(Recipient{"eve@example.net", {}, {}},
                            Recipient{"ben@example.net", {{"NOTIFY", "FAILURE"}}, {}}));
}

TEST(RecipientList, WithOneThatIsNotGoodIsNotReplaced)
{
    Answering at_data(Stage::data);
    for (const auto* const list :
         {R"([{"address":"ben@example.net"},{"address":"no@example.net"}])",
          R"([{"address":"ben@example.net","parameters":{"X":""}}])", R"([{"address":null}])",
          R"([{"address":"ben@example.net"},7])", R"([{}])", R"({"address":"ben@example.net"})"}) {
        const auto applied =
            at_data(std::string(R"({"set":[{"path":"/envelope/to","value":)") + list + "}]}");
        EXPECT_EQ(applied.failed.size(), 1U) << list;
        EXPECT_EQ(applied.facts, at_data.facts) << list;
    }
}

TEST(DeletedRecipients, AreCountedAtThatMoment)
{
    Answering at_data(Stage::data);
    at_data.policy["eve@example.net"] = AddAnswer::yes;
    const auto applied = at_data(
        R"({"add":[{"path":"/envelope/to","value":{"address":"eve@example.net"},"index":0}],
            "delete":[{"path":"/envelope/to/1"},{"path":"/envelope/to/1"},{"path":"/envelope/to/1"}]})");
    EXPECT_THAT(addresses(applied), ElementsAre("eve@example.net"));
    EXPECT_THAT(paths(applied), ElementsAre("/envelope/to/1"));
}

// C59.
TEST(DeletedRecipients, AllOfThemMeanThatTheMessageIsDropped)
{
    Answering at_data(Stage::data);
    const auto applied =
        at_data(R"({"delete":[{"path":"/envelope/to/0"},{"path":"/envelope/to/0"}]})");
    EXPECT_EQ(applied.facts.action, Action::discard);
    EXPECT_EQ(applied.why, "no recipients left");
    EXPECT_EQ(applied.facts.response, at_data.facts.response);
    const auto emptied = at_data(R"({"set":[{"path":"/envelope/to","value":[]}]})");
    EXPECT_EQ(emptied.facts.action, Action::discard);
}

TEST(DeletedRecipients, ButARejectionStaysOne)
{
    Answering at_data(Stage::data);
    const auto applied = at_data(R"({"set":[{"path":"/action","value":"reject"}],
        "delete":[{"path":"/envelope/to/0"},{"path":"/envelope/to/0"}]})");
    EXPECT_EQ(applied.facts.action, Action::reject);
}

TEST(AtRcpt, TheDeletedOneIsDropped)
{
    Answering at_rcpt(Stage::rcpt);
    const auto applied =
        at_rcpt(R"({"delete":[{"path":"/envelope/to/1"},{"path":"/envelope/to/0"}]})");
    EXPECT_EQ(applied.facts.action, Action::discard);
    EXPECT_THAT(paths(applied), ElementsAre("/envelope/to/0"));
}

TEST(AtRcpt, TheLastOneMayBecomeAnAlias)
{
    Answering at_rcpt(Stage::rcpt);
    at_rcpt.policy["eve@example.net"] = AddAnswer::yes;
    const auto applied =
        at_rcpt(R"({"set":[{"path":"/envelope/to/1/address","value":"eve@example.net"}]})");
    EXPECT_EQ(applied.facts.action, Action::accept);
    EXPECT_THAT(addresses(applied), ElementsAre("ben@example.net", "eve@example.net"));
}

TEST(ChangedSender, MayBeNull)
{
    Answering at_mail(Stage::mail);
    const auto applied = at_mail(R"({"set":[{"path":"/envelope/from/address","value":null}]})");
    EXPECT_THAT(applied.failed, IsEmpty());
    EXPECT_EQ(applied.facts.envelope->from, (Sender{"", {{"SIZE", "210"}}}));
}

TEST(ChangedSender, IsAMailbox)
{
    Answering at_mail(Stage::mail);
    for (const auto* const value : {"\"x\"", "\"\"", "7", "\"a@b\\n\"", "\"j\xC3\xB6@x\""}) {
        const auto applied = at_mail(
            std::string(R"({"set":[{"path":"/envelope/from/address","value":)") + value + "}]}");
        EXPECT_EQ(applied.failed.size(), 1U) << value;
        EXPECT_EQ(applied.facts, at_mail.facts) << value;
    }
}

TEST(ChangedSender, KeepsParametersThatAreNotItsOwnToChange)
{
    Answering at_mail(Stage::mail);
    const auto fine = at_mail(
        R"({"set":[{"path":"/envelope/from","value":{"address":"eve@example.net","parameters":{"SIZE":"210","RET":"HDRS"}}}]})");
    EXPECT_EQ(fine.facts.envelope->from,
              (Sender{"eve@example.net", {{"SIZE", "210"}, {"RET", "HDRS"}}}));
    const auto without = at_mail(
        R"({"set":[{"path":"/envelope/from","value":{"address":"eve@example.net","parameters":{}}}]})");
    EXPECT_EQ(without.failed.size(), 1U);
    EXPECT_EQ(without.facts, at_mail.facts);
}

}
