#include "hooks/chain_lab.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace grapnel;
using namespace grapnel::hooks;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;
using Kind = CallOutcome::Kind;

namespace {

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

}
