#include "hooks/filter/text_match.hpp"

#include <gtest/gtest.h>

#include <string>

using namespace grapnel::hooks;

namespace {

bool matches(std::string_view pattern, std::string_view text)
{
    return matches_pattern(fold_case(pattern), fold_case(text));
}

// mta-hooks C73.
TEST(Pattern, IsTheWholeTextWithAnythingForAStar)
{
    EXPECT_TRUE(matches("joe@example.net", "Joe@EXAMPLE.net"));
    EXPECT_TRUE(matches("*@example.net", "joe@example.net"));
    EXPECT_TRUE(matches("*@example.net", "@example.net"));
    EXPECT_TRUE(matches("joe@*", "joe@"));
    EXPECT_TRUE(matches("*", ""));
    EXPECT_TRUE(matches("**", "x"));
    EXPECT_TRUE(matches("a*b*c", "aXbYbZc"));
    EXPECT_TRUE(matches("", ""));
    EXPECT_TRUE(matches("a*a", "aa"));
    EXPECT_FALSE(matches("a*a", "a"));
    EXPECT_FALSE(matches("", "x"));
    EXPECT_FALSE(matches("example.net", "joe@example.net"));
    EXPECT_FALSE(matches("*@example.net", "joe@example.net.evil"));
    EXPECT_FALSE(matches("*@example?net", "joe@example.net"));
    EXPECT_FALSE(matches("\\*", "x"));
}

TEST(Pattern, OfManyStarsIsAnsweredAtOnce)
{
    std::string pattern;
    for (int n = 0; n < 500; ++n) pattern += "*a";
    EXPECT_FALSE(matches(pattern + "b", std::string(5000, 'a')));
}

TEST(FoldCase, IsForAllLetters)
{
    EXPECT_EQ(fold_case("\xC3\x9C"
                        "BER"),
              "\xC3\xBC"
              "ber");
    EXPECT_EQ(fold_case("\xD0\x9F\xD1\x80"), "\xD0\xBF\xD1\x80");
    EXPECT_EQ(fold_case("\xF0\x90\x90\x80"), "\xF0\x90\x90\xA8");
    EXPECT_EQ(fold_case("\xE2\x82\xAC"), "\xE2\x82\xAC");
}

TEST(FoldCase, LeavesWhatIsNoUtf8)
{
    for (const auto* const text :
         {"\xFF", "\xC3", "\x80", "\xE2\x82", "\xC0\x80", "\xF5\x80\x80\x80"})
        EXPECT_EQ(fold_case(text), text);
}

}
