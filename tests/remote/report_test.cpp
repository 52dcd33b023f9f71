#include "remote/report.hpp"

#include <gtest/gtest.h>

using namespace grapnel::remote;
using std::string_literals::operator""s;

TEST(RemoteReport, BothWays)
{
    const Report report{{{'r'}, {'h', "no\nwords\n"}, {'s', ""}}, 'Z', "later\n"};
    EXPECT_EQ(encode(report), "r\0hno\nwords\n\0s\0Zlater\n\0"s);
    EXPECT_EQ(decode_report(encode(report)).value(), report);
}

TEST(RemoteReport, CutShortIsNeverAccepted)
{
    const auto whole = encode(Report{{{'r'}, {'h', "no\n"}}, 'K', "fine\n"});
    for (std::size_t length = 0; length < whole.size(); ++length)
        EXPECT_FALSE(decode_report(std::string_view(whole).substr(0, length))) << length;
}

TEST(RemoteReport, ANulOfAStrangerEndsNothing)
{
    EXPECT_EQ(encode(Report{{}, 'D', "a\0b"s}), "Da?b\0"s);
}

TEST(RemoteReport, UnknownAndEmptyRecordsAreRefused)
{
    EXPECT_FALSE(decode_report("x\0Kok\0"s));
    EXPECT_FALSE(decode_report("\0Kok\0"s));
}

TEST(RemoteReport, TheWorseOfRecipientAndMessageCounts)
{
    const auto shown = [](const std::string& output) {
        const auto result = digest(output);
        return result.letter + result.text;
    };
    EXPECT_EQ(shown("r\0Kfine\n\0"s), "Kfine\n");
    EXPECT_EQ(shown("r\0Znot now\n\0"s), "Znot now\n");
    EXPECT_EQ(shown("hno\n\0Dgiving up\n\0"s), "Dno\ngiving up\n");
    EXPECT_EQ(shown("hno\n\0Kfine\n\0"s), "Dno\n");
    EXPECT_EQ(shown("slater\n\0Dgiving up\n\0"s), "Zlater\ngiving up\n");
    EXPECT_EQ(shown("slater\n\0Kfine\n\0"s), "Zlater\n");
    EXPECT_EQ(shown("Dalone\n\0"s), "Dalone\n");
    EXPECT_EQ(shown("no record"), "D");
    EXPECT_EQ(shown(""), "D");
}
