#include "hooks/chain_lab.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace grapnel;
using namespace grapnel::hooks;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;
using Kind = CallOutcome::Kind;

namespace {

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
