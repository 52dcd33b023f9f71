#include "send/asked_domains.hpp"

#include <gtest/gtest.h>

namespace grapnel::send {
namespace {

TEST(AskedDomains, AreNotAskedForTwiceWithinTenSeconds)
{
    AskedDomains asked;
    EXPECT_TRUE(asked.ask({"far.example", false}, 1000));
    EXPECT_FALSE(asked.ask({"far.example", false}, 10'999));
    EXPECT_TRUE(asked.ask({"far.example", true}, 1000)) << "that is another question";
    EXPECT_TRUE(asked.ask({"far.example", false}, 11'000));
}

TEST(AskedDomains, AreExpectedForFiveMinutesOrUntilTheyAreUnreachable)
{
    AskedDomains asked;
    EXPECT_FALSE(asked.is_expected("x@far.example", 0));
    asked.ask({"far.example", false}, 0);
    asked.ask({"b.example", true}, 0);
    EXPECT_TRUE(asked.is_expected("x@FAR.example", 299'999));
    EXPECT_FALSE(asked.is_expected("x@far.example", 300'000));
    EXPECT_TRUE(asked.is_expected("x@a.b.example", 1));
    EXPECT_FALSE(asked.is_expected("x@other.example", 1));
    EXPECT_FALSE(asked.is_expected("far.example", 1)) << "an address without a domain";
    asked.unreachable("y@c.b.example");
    EXPECT_FALSE(asked.is_expected("x@a.b.example", 1));
    EXPECT_TRUE(asked.is_expected("x@far.example", 1));
    asked.ask({"b.example", true}, 20'000);
    EXPECT_TRUE(asked.is_expected("x@a.b.example", 20'000));
}

TEST(AskedDomains, BeyondAsciiAreKnownAsTheDnsHasThem)
{
    EXPECT_EQ(domain_of("x@B\xc3\xbc"
                        "cher.example"),
              "xn--bcher-kva.example");
    EXPECT_EQ(domain_of("x@\xff.Example"), "\xff.example") << "what is no name stays as it is";
    EXPECT_EQ(domain_of("x@[192.0.2.1]"), "[192.0.2.1]");
}

TEST(AskedDomains, AThousandAreRememberedAtMost)
{
    AskedDomains asked;
    for (int i = 0; i < 1001; ++i)
        EXPECT_TRUE(asked.ask({"d" + std::to_string(i) + ".example", false}, i));
    EXPECT_FALSE(asked.is_expected("x@d0.example", 1001)) << "the oldest has made room";
    EXPECT_TRUE(asked.is_expected("x@d1.example", 1001));
    EXPECT_TRUE(asked.is_expected("x@d1000.example", 1001));
}

}
}
