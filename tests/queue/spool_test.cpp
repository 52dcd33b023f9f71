#include "queue/spool.hpp"

#include "support/temp_home.hpp"

#include <gtest/gtest.h>

#include <filesystem>

using namespace grapnel;
using namespace grapnel::queue;

TEST(Spool, NamesAreRelativeAndSplitByNumber)
{
    const Spool spool(23);
    EXPECT_EQ(spool.mess(1095), "mess/14/1095");
    EXPECT_EQ(spool.remote(23), "remote/0/23");
    EXPECT_EQ(spool.short_name(1095), "14/1095");
    EXPECT_EQ(Spool::todo(1095), "todo/1095");
    EXPECT_EQ(Spool::bounce(7), "bounce/7");
}

TEST(Spool, FindsItsSplitByCounting)
{
    const test::TempHome home(5);
    EXPECT_EQ(Spool::open(home / "queue").split(), 5u);
    EXPECT_THROW(Spool::open(home / "control"), std::system_error);
    std::filesystem::remove(home / "queue/mess/2");
    EXPECT_THROW(Spool::open(home / "queue"), std::system_error);
}

TEST(Spool, MessageNumbersAreDigitsOnly)
{
    EXPECT_EQ(message_number("18446744073709551615"), 18446744073709551615u);
    for (const auto* bad : {"", "x", "1x", "-1", "../1", "18446744073709551616"})
        EXPECT_FALSE(message_number(bad)) << bad;
}
