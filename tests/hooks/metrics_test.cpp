#include "hooks/chain/metrics.hpp"

#include <gtest/gtest.h>

using namespace grapnel::hooks;
using std::chrono::milliseconds;

namespace {

TEST(Metrics, CountCallsByScannerStageAndEnding)
{
    Metrics metrics;
    metrics.of("a", Stage::data).add(CallEnding::answered, milliseconds(5));
    metrics.of("a", Stage::data).add(CallEnding::failure, milliseconds(9000));
    metrics.of("b", Stage::data).add(CallEnding::no_change, milliseconds(0));
    const auto& data = metrics.of("a", Stage::data);
    EXPECT_EQ(data.calls(), 2U);
    EXPECT_EQ(data.count(CallEnding::answered), 1U);
    EXPECT_EQ(data.count(CallEnding::failure), 1U);
    EXPECT_EQ(data.longest, milliseconds(9000));
    EXPECT_EQ(data.total, milliseconds(9005));
    EXPECT_EQ(data.latency, (std::array<std::uint64_t, 8>{0, 0, 1, 0, 0, 0, 0, 1}));
    EXPECT_EQ(metrics.of("a", Stage::rcpt).calls(), 0U);
    EXPECT_EQ(metrics.all().size(), 2U);
}

TEST(Metrics, AnOddAnswerIsTheFirstOnceForEachRegistration)
{
    Metrics metrics;
    EXPECT_TRUE(metrics.first_odd_answer("a", "r1"));
    EXPECT_FALSE(metrics.first_odd_answer("a", "r1"));
    EXPECT_TRUE(metrics.first_odd_answer("b", "r1"));
    EXPECT_TRUE(metrics.first_odd_answer("a", "r2"));
}

}
