#include "hooks/answers.hpp"
#include "hooks/chain_lab.hpp"
#include "hooks/values/base64.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace grapnel;
using namespace grapnel::hooks;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

namespace {

TEST_F(HookChain, WithoutScannersTheDecisionIsThatOfTheFacts)
{
    const auto decision = run(Stage::data);
    EXPECT_EQ(decision.action, Action::accept);
    EXPECT_FALSE(decision.response || decision.from || decision.to || decision.message);
    EXPECT_EQ(decision.scanner, "");
    EXPECT_THAT(log, IsEmpty());
}

TEST_F(HookChain, AsksOnlyWhoIsSubscribed)
{
    auto& a = scanner("a");
    a.configured.stages = {Stage::data};
    auto& b = scanner("b");
    b.agreed.stages = {Stage::data};
    run(Stage::rcpt);
    EXPECT_THAT(a.requests, IsEmpty());
    EXPECT_THAT(b.requests, IsEmpty());
    run(Stage::data);
    EXPECT_THAT(a.requests, SizeIs(1));
    EXPECT_THAT(b.requests, SizeIs(1));
}

TEST_F(HookChain, AsksWhoIsNotRegisteredYet)
{
    scanner("a").registered = false;
    run(Stage::data);
    EXPECT_THAT(scanners[0]->requests, SizeIs(1));
}

TEST_F(HookChain, AsksOnlyWhereTheFilterMatches)
{
    auto& a = scanner("a");
    a.configured.filter = R"({"envelopeTo":"cyd@*"})";
    auto& b = scanner("b");
    b.configured.filter = R"({"envelopeTo":"ben@*"})";
    run(Stage::rcpt);   // cyd is under decision
    EXPECT_THAT(a.requests, SizeIs(1));
    EXPECT_THAT(b.requests, IsEmpty());
    run(Stage::connect);
    EXPECT_THAT(b.requests, SizeIs(1));
}

// C45, section 10.
TEST_F(HookChain, EachSeesWhatThoseBeforeHaveChanged)
{
    scanner("a").answers(
        R"({"set":[{"path":"/action","value":"quarantine"},{"path":"/response/message","value":"Queued"},
                   {"path":"/message/subject","value":"changed"},{"path":"/envelope/from/address","value":null}],
            "delete":[{"path":"/envelope/to/0"}]})");
    auto& b = scanner("b");
    const auto decision = run(Stage::data);
    const auto& seen = b.requests.at(0);
    EXPECT_EQ(seen.at("action"), "quarantine");
    EXPECT_EQ(seen.at("response").at("message"), "Queued");
    EXPECT_EQ(seen.at("message").at("subject"), "changed");
    EXPECT_EQ(seen.at("envelope").at("to").as_array().size(), 1U);
    EXPECT_TRUE(seen.at("envelope").at("from").at("address").is_null());
    EXPECT_EQ(decode_base64(seen.at("rawMessage").as_string().c_str())->size(), b.sizes.at(0));

    EXPECT_EQ(decision.action, Action::quarantine);
    EXPECT_EQ(decision.response->message, "Queued");
    EXPECT_EQ(decision.from, (Sender{"", {{"SIZE", "210"}}}));
    EXPECT_EQ(decision.to->size(), 1U);
    EXPECT_THAT(content(decision), HasSubstr("\nSubject: changed\nX-Spam: Maybe\n"));
    EXPECT_EQ(decision.scanner, "a");
    EXPECT_EQ(decision.reason, "Queued");
}

TEST_F(HookChain, ATerminalActionEndsIt)
{
    for (const auto* const action : {"reject", "discard", "disconnect"}) {
        scanners.clear();
        scanner("a").answers(
            R"({"set":[{"path":"/action","value":")" + std::string(action) +
            R"("},{"path":"/message/subject","value":"x"},{"path":"/envelope/from/address","value":null}]})");
        auto& b = scanner("b");
        const auto decision = run(Stage::data);
        EXPECT_EQ(name(decision.action), action);
        EXPECT_THAT(b.requests, IsEmpty());
        EXPECT_FALSE(decision.message || decision.from || decision.to);
        EXPECT_EQ(decision.scanner, "a");
        EXPECT_EQ(decision.response.has_value(), std::string_view(action) != "discard");
        EXPECT_THAT(log.back(), HasSubstr("hookd: end scanner=a stage=data"));
    }
}

TEST_F(HookChain, ARejectionWinsOverAQuarantine)
{
    scanner("a").answers(act("quarantine"));
    scanner("b").answers(act("reject"));
    const auto decision = run(Stage::data);
    EXPECT_EQ(decision.action, Action::reject);
    EXPECT_EQ(decision.response, (Response{550, "5.7.1", "Rejected by policy"}));
    EXPECT_EQ(decision.scanner, "b");
}

TEST_F(HookChain, AStickyQuarantineStaysWithoutAScannersWord)
{
    auto& a = scanner("a");
    auto facts = facts_at(Stage::rcpt);
    facts.action = Action::quarantine;
    const auto decision = run(facts);
    EXPECT_EQ(a.requests.at(0).at("action"), "quarantine");
    EXPECT_EQ(decision.action, Action::quarantine);
    EXPECT_EQ(decision.scanner, "");
}

// C47.
TEST_F(HookChain, ADowngradeIsRefusedAsAWhole)
{
    scanner("a").answers(act("quarantine"));
    auto& b = scanner("b");
    b.answers(
        R"({"set":[{"path":"/action","value":"accept"},{"path":"/message/subject","value":"x"}]})");
    auto& c = scanner("c");
    const auto decision = run(Stage::data);
    EXPECT_EQ(decision.action, Action::quarantine);
    EXPECT_FALSE(decision.message);
    EXPECT_EQ(b.blamed, 1);
    EXPECT_EQ(c.requests.at(0).at("action"), "quarantine");
    EXPECT_EQ(metrics->of("b", Stage::data).count(CallEnding::downgrade), 1U);
    EXPECT_THAT(log.at(1), HasSubstr("outcome=downgrade"));
}

TEST_F(HookChain, ATrustedScannerMayDowngrade)
{
    scanner("a").answers(act("quarantine"));
    auto& b = scanner("b");
    b.configured.allow_downgrade = true;
    b.answers(act("accept"));
    EXPECT_EQ(run(Stage::data).action, Action::accept);
    EXPECT_EQ(b.blamed, 0);
}

// 10.1, 11.4.
TEST_F(HookChain, ADeletedRecipientAtRcptIsDropped)
{
    scanner("a").answers(R"({"delete":[{"path":"/envelope/to/1"}]})");
    auto& b = scanner("b");
    const auto decision = run(Stage::rcpt);
    EXPECT_EQ(decision.action, Action::discard);
    EXPECT_EQ(decision.reason, "recipient deleted");
    EXPECT_FALSE(decision.to || decision.response);
    EXPECT_THAT(b.requests, IsEmpty());
}

TEST_F(HookChain, WithNobodyLeftTheMessageIsDropped)
{
    scanner("a").answers(R"({"set":[{"path":"/envelope/to","value":[]}]})");
    const auto decision = run(Stage::data);
    EXPECT_EQ(decision.action, Action::discard);
    EXPECT_THAT(log.back(), HasSubstr("why=no_recipients_left"));
}

TEST_F(HookChain, AtConnectARejectionForLaterClosesTheConnection)
{
    scanner("a").answers(
        R"({"set":[{"path":"/action","value":"reject"},{"path":"/response","value":{"code":450,"message":"later"}}]})");
    const auto decision = run(Stage::connect);
    EXPECT_EQ(decision.action, Action::disconnect);
    EXPECT_EQ(decision.response, (Response{421, "4.7.1", "later"}));
}

TEST_F(HookChain, RspamdsSoftRejectIsAnAnswerForLater)
{
    scanner("a").answers(
        R"({"set":[{"path":"/action","value":"reject"},
            {"path":"/response","value":{"code":451,"enhancedCode":"4.7.1","message":"Try again later"}}]})");
    const auto decision = run(Stage::data);
    EXPECT_EQ(decision.action, Action::reject);
    EXPECT_EQ(decision.response, (Response{451, "4.7.1", "Try again later"}));
    EXPECT_EQ(decision.reason, "Try again later");
}

TEST_F(HookChain, AChangedMessageThatCannotBeWrittenIsRefusedForNow)
{
    message_text = "Subject: x\n\n" + std::string(100'000, 'x') + '\n';
    scanner("a").answers(set("/message/subject", R"("y")"));
    const auto decision = run(Stage::data);
    EXPECT_EQ(decision.action, Action::reject);
    EXPECT_EQ(decision.response->code, 451);
    EXPECT_FALSE(decision.message);
    EXPECT_THAT(log.back(), HasSubstr("cannot be written"));
    EXPECT_EQ(run(Stage::dsn).action, Action::proceed);
}

}
