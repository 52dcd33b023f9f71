#include "base/text.hpp"

#include <gtest/gtest.h>

using namespace grapnel;

TEST(Text, SplitKeepsEmptyParts)
{
    EXPECT_EQ(split("a,,b,", ','), (std::vector<std::string_view>{"a", "", "b", ""}));
}

TEST(Text, NumbersHaveNoSignBlankOrOverflow)
{
    EXPECT_EQ(parse_number("42"), 42u);
    for (const auto* bad : {"", "+1", "-1", " 1", "1 ", "1x", "18446744073709551616"})
        EXPECT_FALSE(parse_number(bad)) << bad;
    EXPECT_FALSE(parse_number<unsigned char>("256"));
}

TEST(Text, LeadingNumberStopsAtTheFirstOtherByte)
{
    EXPECT_EQ(leading_number("120 seconds"), 120u);
    EXPECT_FALSE(leading_number("x1"));
}

TEST(Text, CaseIsAsciiOnly)
{
    EXPECT_TRUE(equal_ignoring_case("Example.ORG", "example.org"));
    EXPECT_FALSE(equal_ignoring_case("\xc4", "\xe4"));
    EXPECT_TRUE(starts_with_ignoring_case("MAIL FROM:", "mail"));
}
