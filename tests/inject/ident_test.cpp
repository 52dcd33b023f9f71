#include "smtpd/ident.hpp"

#include <gtest/gtest.h>

using grapnel::smtpd::parse_ident;

TEST(Ident, BelievesOnlyAnswersToItsQuestion)
{
    EXPECT_EQ(parse_ident("6193, 23 : USERID : UNIX : joe\r", 6193, 23), "joe");
    EXPECT_EQ(parse_ident("6193,23:USERID:UNIX,UTF-8: joe doe:x", 6193, 23), "joe doe:x");
    for (const auto* bad : {"", "6193, 23 : ERROR : NO-USER", "6193, 24 : USERID : UNIX : joe",
                            "6193 : USERID : UNIX : joe", "6193, 23 : USERID : UNIX",
                            "6193, 23 : USERID : UNIX : ", "x, 23 : USERID : UNIX : joe"})
        EXPECT_FALSE(parse_ident(bad, 6193, 23)) << bad;
}
