#include "support/placeholders.hpp"

#include <gtest/gtest.h>

namespace grapnel::test {

TEST(Placeholders, StandForWhatTheyName)
{
    const Known known{{"HOME", "/h"}, {"UID:vic", "7"}};
    EXPECT_EQ(expand("a@HOME@/@UID:vic@ x@y.z@", known), "a/h/7 x@y.z@");
    EXPECT_TRUE(matches("qp @PID@ in @HOME@\n", "qp 4711 in /h\n", known));
    EXPECT_FALSE(matches("qp @PID@\n", "qp \n", known));
    EXPECT_TRUE(matches("From a@b @CTIME@\n", "From a@b Sun Nov 22 10:00:00 2026\n", known));
    EXPECT_TRUE(matches("@DATE@.", "2 Nov 2026 10:00:00 -0000.", known));
    EXPECT_TRUE(matches("<@MSGID@@h>", "<20261122100000.12.qmail@h>", known));
    EXPECT_FALSE(matches("a", "ab", known));
    EXPECT_FALSE(matches("ab", "a", known));
}

}
