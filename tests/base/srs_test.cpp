// SHA-1 against RFC 3174 and RFC 2202; SRS addresses against those that Mail::SRS makes.
#include "base/hexadecimal.hpp"
#include "base/mail/sha1.hpp"
#include "base/mail/srs.hpp"
#include "base/srs_control.hpp"
#include "support/temp_home.hpp"

#include <gtest/gtest.h>

#include <system_error>

namespace grapnel {
namespace {

TEST(Sha1, IsThatOfTheStandards)
{
    EXPECT_EQ(hexadecimal(sha1("abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
    EXPECT_EQ(hexadecimal(sha1("")), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    EXPECT_EQ(hexadecimal(sha1("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
              "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
    EXPECT_EQ(hexadecimal(sha1(std::string(1000000, 'a'))),
              "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
    EXPECT_EQ(hexadecimal(hmac_sha1(std::string(20, '\x0b'), "Hi There")),
              "b617318655057264e28bc0b6fb378c8ef146be00");
    EXPECT_EQ(hexadecimal(hmac_sha1("Jefe", "what do ya want for nothing?")),
              "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    EXPECT_EQ(hexadecimal(hmac_sha1(std::string(80, '\xaa'),
                                    "Test Using Larger Than Block-Size Key - Hash Key First")),
              "aa4ae5e15272d00e95705637ce8a3b55ed402112");
}

struct Case {
    std::time_t now;
    const char* secret;
    char separator;
    std::size_t length;
    const char *sender, *forwarded, *back;
};
constexpr Case cases[]{
    {1700000000, "hush", '=', 4, "joe@sender.example",
     "SRS0=55fF=G3=sender.example=joe@fwd.example", "joe@sender.example"},
    {1700000000, "hush", '+', 4, "Joe.User+tag=x@Sender.Example",
     "SRS0+5F/+=G3=Sender.Example=Joe.User+tag=x@fwd.example", "Joe.User+tag=x@Sender.Example"},
    {1700000000, "hush", '-', 8, "a-b@c.example", "SRS0-BwfYEP2c=G3=c.example=a-b@fwd.example",
     "a-b@c.example"},
    {1234567890, "another secret", '=', 27, "x@y.example",
     "SRS0=Az1H1nuXdxEnqbxs3BlsoeeIOA4=6Q=y.example=x@fwd.example", "x@y.example"},
    {1700000000, "hush", '=', 4, "SRS0=HHHH=TT=orig.example=joe@first.example",
     "SRS1=Es9N=first.example==HHHH=TT=orig.example=joe@fwd.example",
     "SRS0=HHHH=TT=orig.example=joe@first.example"},
    {1700000000, "hush", '=', 4, "SRS0+HHHH=TT=orig.example=joe@first.example",
     "SRS1=BvcL=first.example=+HHHH=TT=orig.example=joe@fwd.example",
     "SRS0+HHHH=TT=orig.example=joe@first.example"},
    {1700000000, "hush", '=', 4, "SRS1=GGGG=first.example==HHHH=TT=orig.example=joe@second.example",
     "SRS1=Es9N=first.example==HHHH=TT=orig.example=joe@fwd.example",
     "SRS0=HHHH=TT=orig.example=joe@first.example"},
    {1700000000, "hush", '+', 4, "srs1-GGGG=first.example=+HHHH=TT=orig.example=joe@second.example",
     "SRS1+BvcL=first.example=+HHHH=TT=orig.example=joe@fwd.example",
     "SRS0+HHHH=TT=orig.example=joe@first.example"},
};

Srs settings(const Case& of)
{
    Srs srs;
    srs.domain = "fwd.example";
    srs.secrets = {of.secret};
    srs.hash_length = of.length;
    srs.separator = of.separator;
    return srs;
}

TEST(Srs, MakesAndReadsTheAddressesOfMailSrs)
{
    for (const auto& one : cases) {
        EXPECT_EQ(srs_forward(settings(one), one.sender, one.now), one.forwarded);
        const auto back = srs_reverse(settings(one), one.forwarded, one.now);
        ASSERT_TRUE(back) << one.forwarded;
        EXPECT_EQ(*back, one.back);
    }
}

TEST(Srs, LeavesAloneWhatNeedsNothing)
{
    auto srs = settings(cases[0]);
    for (const auto* sender : {"", "nobody", "joe@", "joe@a=b.example", "joe@FWD.example"})
        EXPECT_EQ(srs_forward(srs, sender, 0), sender);
    srs.always = true;
    EXPECT_TRUE(srs_forward(srs, "joe@fwd.example", 0).starts_with("SRS0="));
}

TEST(Srs, BelievesOldSecretsAndLostCaseButNothingElse)
{
    constexpr std::time_t now = 1700000000, day = 86400;
    auto srs = settings(cases[0]);
    const std::string made = "SRS0=55fF=G3=sender.example=joe@fwd.example";
    srs.secrets = {"new", "hush"};
    EXPECT_TRUE(srs_reverse(srs, made, now));
    EXPECT_TRUE(srs_reverse(srs, "srs0=55ff=g3=sender.example=joe@fwd.example", now));
    EXPECT_TRUE(srs_reverse(srs, made, now + 21 * day));
    EXPECT_FALSE(srs_reverse(srs, made, now + 22 * day));
    EXPECT_FALSE(srs_reverse(srs, made, now - day));
    srs.secrets = {"new"};
    EXPECT_FALSE(srs_reverse(srs, made, now));
    srs.secrets = {"hush"};
    for (const auto* forged :
         {"SRS0=55fF=G3=sender.example=jim@fwd.example",
          "SRS0=55fF=G4=sender.example=joe@fwd.example",
          "SRS0=55fF=G3=other.example=joe@fwd.example",
          "SRS0=55f=G3=sender.example=joe@fwd.example", "SRS0==G3=sender.example=joe@fwd.example",
          "SRS0=55fF=G3=sender.example@fwd.example", "SRS0=55fF@fwd.example", "SRS0",
          "SRS0=", "SRS1=", "SRS1=x", "SRS2=a=b=c=d@fwd.example", "joe@fwd.example", "",
          "SRS1=55fF=sender.example==G3=x=joe@fwd.example",
          "SRS1=first.example==HHHH=TT=orig.example=joe@fwd.example"})
        EXPECT_FALSE(srs_reverse(srs, forged, now)) << forged;
}

TEST(Srs, IsOffWithoutADomainAndNeedsASecret)
{
    const test::TempHome home;
    const Control control(home / "control");
    EXPECT_FALSE(read_srs(control));
    home.control("srs_domain", "fwd.example");
    EXPECT_THROW(read_srs(control), std::system_error);
    home.control("srs_secrets", "new\nold");
    home.control("srs_hashlength", "6");
    home.control("srs_separator", "+");
    const auto srs = read_srs(control);
    ASSERT_TRUE(srs);
    EXPECT_EQ(srs->secrets, (std::vector<std::string>{"new", "old"}));
    EXPECT_EQ(srs->hash_length, 6u);
    EXPECT_EQ(srs->hash_min, 6u);
    EXPECT_EQ(srs->separator, '+');
    EXPECT_EQ(srs->max_age, 21u);
}

}
}
