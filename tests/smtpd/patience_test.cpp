#include "smtpd/patience.hpp"

#include <gtest/gtest.h>

namespace grapnel::smtpd {
namespace {

using namespace std::chrono_literals;

TEST(Patience, EndsWithSilence)
{
    Patience patience;
    EXPECT_EQ(patience.left(), 5min);
    patience.waited(4min);
    EXPECT_EQ(patience.left(), 1min);
    patience.received(3000);
    EXPECT_EQ(patience.left(), 90s);
    patience.waited(2min);
    EXPECT_EQ(patience.left(), 0s);
}

TEST(Patience, LastsForWhoSendsFastEnough)
{
    Patience patience;
    for (int i = 0; i < 1000; ++i) {
        patience.waited(60s);
        patience.received(6000);
    }
    EXPECT_EQ(patience.left(), 5min);
}

// 10 MB at once, then a byte now and then: no place for 28 hours.
TEST(Patience, CannotBeSaved)
{
    Patience patience;
    for (int i = 0; i < 160; ++i) patience.received(65536);
    patience.received(~std::size_t{0});
    EXPECT_EQ(patience.left(), 5min);
    patience.waited(299s);
    patience.received(1);
    EXPECT_LT(patience.left(), 2s);
}

}
}
