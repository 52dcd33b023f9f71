#include "smtpd/allowance.hpp"

#include <gtest/gtest.h>

namespace grapnel::smtpd {
namespace {

using namespace std::chrono_literals;

const Allowance::Moment now{1h};

TEST(Allowance, FaultsEndASessionAndSoonerWhereItIsCrowded)
{
    bool crowded = false;
    Allowance allowance(20min, false, &crowded, now);
    for (int i = 1; i < 20; ++i) EXPECT_FALSE(allowance.fault()) << i;
    ASSERT_TRUE(allowance.fault());
    crowded = true;
    Allowance brief(20min, false, &crowded, now);
    EXPECT_FALSE(brief.fault());
    const auto end = brief.fault();
    ASSERT_TRUE(end);
    EXPECT_EQ(end->code, 421);
    EXPECT_TRUE(end->hang_up);
}

TEST(Allowance, CommandsAndMessagesHaveAnEndUnlessUnlimited)
{
    Allowance limited(20min, false, nullptr, now), unlimited(20min, true, nullptr, now);
    for (int i = 0; i < 100; ++i) EXPECT_FALSE(limited.transaction());
    EXPECT_TRUE(limited.transaction());
    for (int i = 0; i < 10000; ++i) ASSERT_FALSE(limited.command());
    EXPECT_TRUE(limited.command());
    for (int i = 0; i < 20000; ++i) {
        ASSERT_FALSE(unlimited.command());
        ASSERT_FALSE(unlimited.transaction());
        ASSERT_FALSE(unlimited.fault());
    }
}

TEST(Allowance, AWaitALineAndASessionEndInTime)
{
    bool crowded = false;
    Allowance allowance(20min, false, &crowded, now);
    EXPECT_EQ(allowance.command_deadline(now, std::nullopt), now + 20min);
    EXPECT_EQ(allowance.command_deadline(now + 4min, now), now + 5min);
    EXPECT_EQ(allowance.command_deadline(now + 119min, std::nullopt), now + 120min);
    allowance.end_transaction(now + 119min);
    EXPECT_EQ(allowance.command_deadline(now + 119min, std::nullopt), now + 139min);
    EXPECT_EQ(allowance.text_deadline(now + 119min, Patience()), now + 124min);
    crowded = true;
    EXPECT_EQ(allowance.command_deadline(now, std::nullopt), now + 10s);
    EXPECT_EQ(allowance.text_deadline(now, Patience()), now + 10s);
}

}
}
