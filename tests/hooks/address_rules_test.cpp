#include "hooks/edits/dsn_parameters.hpp"
#include "hooks/values/mailbox.hpp"

#include <gtest/gtest.h>

using namespace grapnel::hooks;

namespace {

TEST(Mailbox, IsWhatRfc5321SaysItIs)
{
    for (const auto* const address :
         {"a@b", "joe.doe@example.net", "\"joe doe\"@example.net", "\"a@b\"@example.net",
          "a@[192.0.2.1]", "a@[IPv6:2001:db8::1]", "o'hara+tag@example.net",
          "\"a\\\"b\"@x.example"})
        EXPECT_TRUE(is_mailbox(address, false)) << address;
    for (const auto* const address : {"",
                                      "a",
                                      "@b",
                                      "a@",
                                      "a@@b",
                                      "a..b@c",
                                      ".a@b",
                                      "a.@b",
                                      "a b@c",
                                      "<a@b>",
                                      "@x:a@b",
                                      "a@b@c",
                                      "a@-b",
                                      "a@b-",
                                      "a@b..c",
                                      "a@[192.0.2.300]",
                                      "a@[2001:db8::1]",
                                      "a@[x]",
                                      "a@b\r\nc",
                                      "a@b\n",
                                      "\"a@b",
                                      "\"a\"b@c",
                                      "\"a\\\"@b",
                                      "a@b_c",
                                      "a\x7f@b",
                                      "\"a\tb\"@c"})
        EXPECT_FALSE(is_mailbox(address, true)) << address;
}

TEST(Mailbox, BeyondAsciiOnlyWithSmtputf8)
{
    EXPECT_TRUE(is_mailbox("j\xC3\xB6rg@ex\xC3\xA4mple.net", true));
    EXPECT_FALSE(is_mailbox("j\xC3\xB6rg@example.net", false));
    EXPECT_FALSE(is_mailbox("joe@ex\xC3\xA4mple.net", false));
}

TEST(Mailbox, HasAtMost254Octets)
{
    const std::string label(61, 'x');
    const auto domain = label + '.' + label + '.' + label;   // 185
    EXPECT_TRUE(is_mailbox(std::string(64, 'a') + '@' + domain + ".yyy", false));
    EXPECT_FALSE(is_mailbox(std::string(64, 'a') + '@' + domain + ".yyyy", false));
    EXPECT_FALSE(is_mailbox(std::string(65, 'a') + "@b", false));
    EXPECT_FALSE(is_mailbox("a@" + std::string(64, 'b'), false));
}

TEST(Mailbox, IsTheSameHoweverItsDomainIsWrittenOrItsLocalPartQuoted)
{
    EXPECT_EQ(mailbox_key("Joe@EXAMPLE.net"), mailbox_key("\"Joe\"@example.NET"));
    EXPECT_NE(mailbox_key("Joe@example.net"), mailbox_key("joe@example.net"));
}

const EsmtpParameters none;

bool sender_may(const EsmtpParameters& old, const EsmtpParameters& changed)
{
    return check_parameters(old, changed, ParameterPlace::sender).has_value();
}
bool recipient_may(const EsmtpParameters& old, const EsmtpParameters& changed)
{
    return check_parameters(old, changed, ParameterPlace::recipient).has_value();
}

// mta-hooks 11.4.
TEST(Parameters, OfTheSenderOnlyRetAndEnvidChange)
{
    EXPECT_TRUE(sender_may({{"SIZE", "5"}}, {{"SIZE", "5"}, {"RET", "HDRS"}, {"ENVID", "a+2Bb"}}));
    EXPECT_TRUE(sender_may({{"RET", "FULL"}, {"ENVID", "x"}}, {{"RET", "hdrs"}}));
    EXPECT_FALSE(sender_may({{"SIZE", "5"}}, {{"SIZE", "6"}}));
    EXPECT_FALSE(sender_may({{"SIZE", "5"}}, none));
    EXPECT_FALSE(sender_may(none, {{"SMTPUTF8", ""}}));
    EXPECT_FALSE(sender_may(none, {{"NOTIFY", "NEVER"}}));
}

TEST(Parameters, OfRecipientsOnlyNotifyAndOrcptChange)
{
    EXPECT_TRUE(recipient_may(none, {{"NOTIFY", "SUCCESS,DELAY"}, {"ORCPT", "rfc822;a+40b"}}));
    EXPECT_TRUE(recipient_may({{"NOTIFY", "NEVER"}}, none));
    EXPECT_FALSE(recipient_may(none, {{"RET", "FULL"}}));
    EXPECT_FALSE(recipient_may({{"RRVS", "x"}}, none));
}

// RFC 3461 4.
TEST(Parameters, HaveTheValuesOfRfc3461)
{
    for (const auto* const value : {"", "HALF", "FULL HDRS"})
        EXPECT_FALSE(sender_may(none, {{"RET", value}})) << value;
    for (const auto* const value : {"", "a b", "a=b", "a+4", "a+4g", "a+2b", "\x01", "\xC3\xB6"})
        EXPECT_FALSE(sender_may(none, {{"ENVID", value}})) << value;
    EXPECT_TRUE(sender_may(none, {{"ENVID", std::string(100, 'x')}}));
    EXPECT_FALSE(sender_may(none, {{"ENVID", std::string(101, 'x')}}));
    for (const auto* const value : {"", "NEVER,SUCCESS", "SOMETIMES", "SUCCESS,", "SUCCESS DELAY"})
        EXPECT_FALSE(recipient_may(none, {{"NOTIFY", value}})) << value;
    for (const auto* const value : {"", "a@b", ";a@b", "rfc822;", "rf c;x", "rfc822;a=b"})
        EXPECT_FALSE(recipient_may(none, {{"ORCPT", value}})) << value;
    EXPECT_FALSE(recipient_may(none, {{"ORCPT", "rfc822;" + std::string(500, 'x')}}));
}

}
