#include "compat/vectors.hpp"

#include <gtest/gtest.h>

namespace grapnel::test {

TEST(Vectors, ABlockIsReadWithItsEscapesAndContinuedLines)
{
    const auto blocks =
        parse_blocks("# said first\n---\nname: one\n# said between\narg: -n\narg:\nstdin: a: b\\n\n"
                     "  \\x20c\\0\n---\nname: two\n");
    ASSERT_EQ(blocks.size(), 2u);
    EXPECT_EQ(blocks[0].name, "one");
    EXPECT_EQ(blocks[0].line, 3u);
    EXPECT_EQ(blocks[0].values("arg"), (std::vector<std::string>{"-n", ""}));
    EXPECT_EQ(blocks[0].text("stdin"), std::string("a: b\n c\0", 8));
    EXPECT_FALSE(blocks[1].has("arg"));
}

TEST(Vectors, PlaceholdersStandForWhatTheyName)
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
