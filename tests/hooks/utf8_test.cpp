#include "hooks/values/utf8.hpp"

#include <gtest/gtest.h>

namespace grapnel::hooks {
namespace {

const std::string replacement = "\xEF\xBF\xBD";

TEST(Utf8, IsWhatRfc3629Allows)
{
    for (const std::string_view text :
         {"", "plain", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
          "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF",
          "0123456789 gr\xC3\xBC\xC3\x9F 0123456789"})
        EXPECT_TRUE(is_utf8(text)) << text;
    EXPECT_TRUE(is_utf8(std::string_view("\0", 1)));
}

TEST(Utf8, IsNotOverlongNoSurrogateAndNothingAboveTheEnd)
{
    for (const std::string_view text :
         {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC2",
          "\xC2"
          "A",
          "\xE0\x9F\xBF", "\xE2\x82", "\xED\xA0\x80", "\xED\xBF\xBF", "\xF0\x8F\xBF\xBF",
          "\xF0\x9F\x98", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "0123456\xFF",
          "01234567\xC3", "\xC3\xBC\xBC"})
        EXPECT_FALSE(is_utf8(text)) << text;
}

TEST(Utf8, IsMadeWithOneReplacementForEachBeginning)
{
    EXPECT_EQ(make_utf8("gr\xFC\xDF"), "gr" + replacement + replacement);
    EXPECT_EQ(make_utf8("\xE2\x82"
                        "A"),
              replacement + "A");
    EXPECT_EQ(make_utf8("\xED\xA0\x80"), replacement + replacement + replacement);
    EXPECT_EQ(make_utf8("\xF0\x9F\x98"), replacement);
    EXPECT_EQ(make_utf8("gr\xC3\xBC\xC3\x9F"), "gr\xC3\xBC\xC3\x9F");
    EXPECT_EQ(make_utf8(""), "");
}

TEST(Utf8, IsAlwaysTheResult)
{
    for (int a = 0; a < 256; ++a)
        for (int b = 0; b < 256; ++b)
            for (const std::string_view tail : {"", "\x80", "\xBF\x80", "x\xA0\xA0\xA0"}) {
                const auto text =
                    std::string{static_cast<char>(a), static_cast<char>(b)}.append(tail);
                EXPECT_TRUE(is_utf8(make_utf8(text)));
                EXPECT_EQ(is_utf8(text), make_utf8(text) == text);
            }
}

}
}
