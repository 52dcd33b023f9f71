#include "hooks/chain_lab.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace grapnel;
using namespace grapnel::hooks;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using Kind = CallOutcome::Kind;

namespace {

// mta-hooks section 13.
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
    EXPECT_EQ(decision.scanner, "a") << "for the log of qmail-send";
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

// C66, 13.6.
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

}
