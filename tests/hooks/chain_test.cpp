#include "hooks/answers.hpp"
#include "hooks/chain.hpp"
#include "hooks/fake_scanner.hpp"

#include "base/net/loop.hpp"
#include "support/temp_home.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

using namespace grapnel;
using namespace grapnel::hooks;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Kind = CallOutcome::Kind;

namespace {

class HookChain : public testing::Test {
protected:
    FakeScanner& scanner(const std::string& name)
    {
        scanners.push_back(std::make_shared<FakeScanner>(name));
        return *scanners.back();
    }

    Decision run(Stage stage) { return run(facts_at(stage)); }
    Decision run(const Facts& facts)
    {
        ChainSurroundings around;
        for (const auto& one : scanners) around.scanners.push_back(one);
        around.spool = "/nonexistent";   // small messages need none
        around.metrics = metrics;
        around.log = [this](std::string_view line) { log.emplace_back(line); };
        around.steady = [this] { return clock; };
        std::optional<Message> message;
        if (has_message(facts.stage)) message = worked_message();
        Decision decision;
        net::run_until_done([&]() -> net::asio::awaitable<void> {
            decision = co_await run_chain(around, facts, message);
        });
        return decision;
    }

    std::vector<std::shared_ptr<FakeScanner>> scanners;
    std::shared_ptr<Metrics> metrics = std::make_shared<Metrics>();
    std::vector<std::string> log;
    net::SteadyClock::time_point clock{};
};

std::string set(const std::string& path, const std::string& value)
{
    return R"({"set":[{"path":")" + path + R"(","value":)" + value + "}]}";
}
std::string act(const std::string& action) { return set("/action", '"' + action + '"'); }

std::string content(const Decision& decision)
{
    std::string text(decision.size, '\0');
    EXPECT_EQ(::pread(decision.message.get(), text.data(), text.size(), 0),
              static_cast<ssize_t>(text.size()));
    return text;
}

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

// C67.
struct PolicyRow {
    Kind kind;
    Policy policy;
    Stage stage;
    Action action;
    int code;
    bool goes_on;
};

class HookChainWithoutVerdict : public HookChain, public testing::WithParamInterface<PolicyRow> {};

TEST_P(HookChainWithoutVerdict, FollowsThePolicy)
{
    const auto& row = GetParam();
    auto& a = scanner("a");
    a.ends(row.kind, "because");
    a.configured.on_failure = a.configured.on_malformed = a.configured.on_oversize = Policy::accept;
    auto& policy = row.kind == Kind::failure     ? a.configured.on_failure
                   : row.kind == Kind::malformed ? a.configured.on_malformed
                                                 : a.configured.on_oversize;
    policy = row.policy;
    auto& b = scanner("b");
    const auto decision = run(row.stage);
    EXPECT_EQ(decision.action, row.action);
    EXPECT_EQ(decision.response ? decision.response->code : 0, row.code);
    EXPECT_EQ(b.requests.size(), row.goes_on ? 1U : 0U);
    EXPECT_EQ(decision.scanner, row.policy == Policy::accept ? "" : "a");
    EXPECT_EQ(decision.reason.find("because") != std::string::npos, row.policy != Policy::accept);
}

INSTANTIATE_TEST_SUITE_P(
    C67, HookChainWithoutVerdict,
    testing::Values(
        PolicyRow{Kind::failure, Policy::accept, Stage::data, Action::accept, 0, true},
        PolicyRow{Kind::failure, Policy::quarantine, Stage::data, Action::quarantine, 0, true},
        PolicyRow{Kind::failure, Policy::tempfail, Stage::data, Action::reject, 451, false},
        PolicyRow{Kind::failure, Policy::tempfail, Stage::connect, Action::disconnect, 421, false},
        PolicyRow{Kind::failure, Policy::reject, Stage::rcpt, Action::reject, 550, false},
        PolicyRow{Kind::failure, Policy::reject, Stage::connect, Action::reject, 554, false},
        PolicyRow{Kind::malformed, Policy::accept, Stage::data, Action::accept, 0, true},
        PolicyRow{Kind::malformed, Policy::quarantine, Stage::data, Action::quarantine, 0, true},
        PolicyRow{Kind::malformed, Policy::tempfail, Stage::data, Action::reject, 451, false},
        PolicyRow{Kind::oversize, Policy::accept, Stage::data, Action::accept, 0, true},
        PolicyRow{Kind::oversize, Policy::quarantine, Stage::data, Action::quarantine, 0, true},
        PolicyRow{Kind::oversize, Policy::tempfail, Stage::data, Action::reject, 451, false},
        PolicyRow{Kind::oversize, Policy::reject, Stage::data, Action::reject, 552, false}));

TEST_F(HookChain, AFailureThatQuarantinesLeavesAStickyOneAlone)
{
    scanner("a").answers(act("quarantine"));
    auto& b = scanner("b");
    b.ends(Kind::failure, "timeout");
    b.configured.on_failure = Policy::quarantine;
    const auto decision = run(Stage::data);
    EXPECT_EQ(decision.action, Action::quarantine);
    EXPECT_EQ(decision.scanner, "a");
}

TEST_F(HookChain, WhatIsMalformedChangesNothingAndIsBlamed)
{
    for (
        const auto* const answer :
        {"", "[]", R"({"action":"reject"})", R"({"set":{}})", "{\"set\":",
         R"({"set":[{"path":"/message/subject","value":"x"}],"delete":[{"path":"/action"}]})",
         R"({"set":[{"path":"/message/subject","value":"x"},{"path":"/action","value":"cancel"}]})",
         R"({"set":[{"path":"/message/subject","value":"x"},{"path":"/action","value":"burn"}]})",
         R"({"set":[{"path":"/message/subject","value":"x"},{"path":"/action","value":7}]})"}) {
        scanners.clear();
        auto& a = scanner("a");
        a.answers(answer);
        const auto decision = run(Stage::data);
        EXPECT_EQ(decision.action, Action::accept) << answer;
        EXPECT_FALSE(decision.message) << answer;
        EXPECT_EQ(a.blamed, 1) << answer;
        EXPECT_THAT(log.back(), HasSubstr("outcome=malformed:")) << answer;
    }
}

TEST_F(HookChain, AMalformedAnswerFollowsItsPolicyToo)
{
    auto& a = scanner("a");
    a.answers("{");
    a.configured.on_malformed = Policy::tempfail;
    EXPECT_EQ(run(Stage::data).response->code, 451);
}

// C68.
TEST_F(HookChain, HasALimitOverAllScannersOfAStage)
{
    for (const auto stage : {Stage::rcpt, Stage::data}) {
        scanners.clear();
        log.clear();
        const auto limit = stage == Stage::data ? 240s : 60s;
        auto& a = scanner("a");
        a.while_asked = [&] { clock += limit - 5s; };
        auto& b = scanner("b");
        b.while_asked = [&] { clock += 5s; };
        auto& c = scanner("c");
        const auto decision = run(stage);
        EXPECT_EQ(a.limits.at(0), limit);
        EXPECT_EQ(b.limits.at(0), 5s);
        EXPECT_THAT(c.requests, IsEmpty());
        EXPECT_EQ(decision.response->code, 451);
        EXPECT_EQ(decision.scanner, "c");
        EXPECT_EQ(decision.reason, "failure: timeout");
        EXPECT_THAT(log.at(2), HasSubstr("outcome=failure:timeout"));
    }
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

// Section 13.
TEST_F(HookChain, OutboundChangesOfTheStatusAreInTheDecision)
{
    scanner("a").answers(
        R"({"set":[{"path":"/envelope/to/0/status","value":"failed-silent"},
            {"path":"/envelope/to/1/nextAttemptAt","value":"2001-09-09T02:00:00Z"},
            {"path":"/envelope/to/1/nextDsnAt","value":null}]})");
    auto& b = scanner("b");
    const auto decision = run(Stage::delivery);
    EXPECT_EQ(b.requests.at(0).at("envelope").at("to").at(0).at("status"), "failed-silent");
    EXPECT_TRUE(b.requests.at(0).at("envelope").at("to").at(1).at("nextDsnAt").is_null());
    EXPECT_EQ(decision.action, Action::proceed);
    EXPECT_THAT(decision.recipients,
                ElementsAre(RecipientChange{0, DeliveryStatus::failed_silent, {}, {}},
                            RecipientChange{1, {}, 1'000'000'800, 0}));
}

TEST_F(HookChain, ATimeOfWhatIsGivenUpLaterIsNotInTheDecision)
{
    scanner("a").answers(set("/envelope/to/0/nextAttemptAt", R"("2001-09-09T02:00:00Z")"));
    scanner("b").answers(set("/envelope/to/0/status", R"("failed")"));
    EXPECT_THAT(run(Stage::defer).recipients,
                ElementsAre(RecipientChange{0, DeliveryStatus::failed, {}, {}}));
}

// C64.
TEST_F(HookChain, CancelEndsItAndSilencesWhatWaits)
{
    scanner("a").answers(
        R"({"set":[{"path":"/action","value":"cancel"},{"path":"/envelope/to/0/status","value":"failed"}]})");
    auto& b = scanner("b");
    const auto decision = run(Stage::delivery);
    EXPECT_EQ(decision.action, Action::cancel);
    EXPECT_THAT(b.requests, IsEmpty());
    EXPECT_THAT(decision.recipients,
                ElementsAre(RecipientChange{0, DeliveryStatus::failed, {}, {}},
                            RecipientChange{1, DeliveryStatus::failed_silent, {}, {}}));
}

TEST_F(HookChain, CancelAtDsnSuppressesThatNotification)
{
    scanner("a").answers(act("cancel"));
    const auto decision = run(Stage::dsn);
    EXPECT_EQ(decision.action, Action::cancel);
    EXPECT_TRUE(decision.suppressed);
    EXPECT_THAT(decision.recipients, IsEmpty());
}

// C65.
TEST_F(HookChain, ADeletedNotificationIsSuppressed)
{
    for (const auto* const path : {"/message", "/rawMessage"}) {
        scanners.clear();
        scanner("a").answers(R"({"delete":[{"path":")" + std::string(path) + R"("}]})");
        auto& b = scanner("b");
        const auto decision = run(Stage::dsn);
        EXPECT_TRUE(decision.suppressed) << path;
        EXPECT_EQ(decision.scanner, "a");
        EXPECT_FALSE(decision.message);
        EXPECT_THAT(b.requests, IsEmpty());
    }
}

TEST_F(HookChain, ANotificationThatIsReplacedIsNot)
{
    scanner("a").answers(
        R"({"set":[{"path":"/rawMessage","value":"QTogYg0KDQpjDQo="}],"delete":[{"path":"/message"}]})");
    const auto decision = run(Stage::dsn);
    EXPECT_FALSE(decision.suppressed);
    EXPECT_EQ(content(decision), "A: b\n\nc\n");
}

// 13.6.
TEST_F(HookChain, OutboundAFailureWaitsOnlyAtDsn)
{
    auto& a = scanner("a");
    a.ends(Kind::failure, "timeout");
    a.configured.on_failure_outbound = Policy::tempfail;
    auto& b = scanner("b");
    EXPECT_FALSE(run(Stage::delivery).ask_again);
    EXPECT_FALSE(run(Stage::defer).ask_again);
    EXPECT_THAT(b.requests, SizeIs(2));
    const auto decision = run(Stage::dsn);
    EXPECT_TRUE(decision.ask_again);
    EXPECT_EQ(decision.action, Action::proceed);
    EXPECT_THAT(b.requests, SizeIs(2));
    a.configured.on_failure_outbound = Policy::accept;
    EXPECT_FALSE(run(Stage::dsn).ask_again);
}

// C75.
TEST_F(HookChain, SaysOneLineForEachCall)
{
    scanner("a").answers(
        R"({"set":[{"path":"/action","value":"quarantine"},{"path":"/message/headers/77/value","value":"secret"}]})");
    scanner("b");
    scanner("c").ends(Kind::failure, "breaker");
    run(Stage::data);
    EXPECT_THAT(
        log,
        ElementsAre(
            "hookd: call scanner=a stage=data id=019ac3f2-6f00-7b1e-8c3d-0a1b2c3d4e5f request=q-a "
            "registration=r-a attempts=1 status=200 ms=7 before=accept after=quarantine applied=1 "
            "failed=1 outcome=ok",
            testing::AllOf(HasSubstr("hookd: edit failed scanner=a"),
                           HasSubstr("path=/message/headers/77/value why="),
                           testing::Not(HasSubstr("secret"))),
            HasSubstr("scanner=b stage=data id=019ac3f2-6f00-7b1e-8c3d-0a1b2c3d4e5f request=q-b "
                      "registration=r-b attempts=1 status=204 ms=7 before=quarantine "
                      "after=quarantine applied=0 failed=0 outcome=nochange"),
            HasSubstr("outcome=breaker"), HasSubstr("hookd: end scanner=c")));
    EXPECT_EQ(metrics->of("a", Stage::data).edits_failed, 1U);
    EXPECT_EQ(metrics->of("b", Stage::data).count(CallEnding::no_change), 1U);
    EXPECT_EQ(metrics->of("c", Stage::data).count(CallEnding::breaker), 1U);
}

TEST_F(HookChain, OfManyFailedEditsItSaysHowMany)
{
    std::string edits;
    for (int n = 0; n < 500; ++n)
        edits += (n ? "," : "") + std::string(R"({"path":"/message/headers/99\u000a\u001b/x"})");
    scanner("a").answers(R"({"delete":[)" + edits + "]}");
    run(Stage::data);
    EXPECT_THAT(log, SizeIs(12));
    EXPECT_THAT(log.back(), HasSubstr("more=490"));
    for (const auto& line : log)
        EXPECT_THAT(line, testing::Not(testing::AnyOf(HasSubstr("\n"), HasSubstr("\x1b"))));
}

TEST_F(HookChain, UnknownMembersAreSaidOnceForARegistration)
{
    auto& a = scanner("a");
    a.answers(R"({"set":[],"more":1})");
    run(Stage::data);
    run(Stage::data);
    a.agreed.id = "r-other";
    run(Stage::data);
    EXPECT_EQ(std::count_if(log.begin(), log.end(),
                            [](const std::string& line) {
                                return line.starts_with("hookd: unknown members");
                            }),
              2);
}

}
