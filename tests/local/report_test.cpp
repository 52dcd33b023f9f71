#include "local/maildir.hpp"
#include "local/report.hpp"

#include <gtest/gtest.h>

namespace grapnel::local {

namespace {
std::string told(int code, std::string_view output = "words\n")
{
    const auto outcome = report({false, code}, output);
    return outcome.letter + outcome.text;
}
}

TEST(LocalReport, ExitCodesBecomeSuccessDeferralOrFailure)
{
    EXPECT_EQ(told(0), "Kwords\n");
    for (const int code : {71, 74, 75, 111}) EXPECT_EQ(told(code), "Zwords\n") << code;
    for (const int code : {1, 64, 99, 100, 110, 114, 122, 125, 127, 255})
        EXPECT_EQ(told(code), "Dwords\n") << code;
    EXPECT_EQ(report({true, 9}, "x").letter, 'Z');
    EXPECT_EQ(report({true, 9}, "x").text, "qmail-local crashed.\n");
}

TEST(LocalReport, CodesOfTheSpawnerItselfHaveTheirOwnWords)
{
    const std::pair<int, const char*> table[] = {
        {112, "ZInternal qmail-lspawn bug.\n"},
        {113, "ZNot allowed to perform deliveries as root.\n"},
        {115, "ZNFS failure in qmail-local.\n"},
        {116, "ZUnable to find alias user!\n"},
        {117, "ZTrouble reading users/cdb in qmail-lspawn.\n"},
        {118, "ZTemporary failure in qmail-lspawn.\n"},
        {119, "ZOut of memory in qmail-lspawn.\n"},
        {120, "ZUnable to run qmail-local.\n"},
        {121, "ZUnable to run qmail-getpw.\n"},
        {126, "DUnable to run qmail-local.\n"},
    };
    for (const auto& [code, words] : table) EXPECT_EQ(told(code), words) << code;
}

TEST(LocalReport, AProgramThatCouldNotBeLoadedIsTriedAgain)
{
    EXPECT_EQ(told(127, "sh: x: not found\n").front(), 'D');
    EXPECT_EQ(told(127, "bin/qmail-local: error while loading shared libraries: libc.so.6: cannot "
                        "open: Error 24\n"),
              "ZUnable to run qmail-local.\n");
}

TEST(LocalReport, LongOutputIsCutAndSaysSo)
{
    EXPECT_EQ(told(0, std::string(3000, 'x')), 'K' + std::string(3000, 'x'));
    EXPECT_EQ(told(0, std::string(3001, 'x')),
              'K' + std::string(2966, 'x') + "\nError report too long, sorry.\n");
    EXPECT_EQ(told(0, std::string_view("a\0b", 3)), "Ka");
}

TEST(Maildir, NamesHoldNeitherSlashNorColonOfTheHost)
{
    EXPECT_EQ(maildir_name(1795315291, 65477, 4662, 1, "here.example"),
              "1795315291.M65477P4662Q1.here.example");
    EXPECT_EQ(maildir_name(1, 2, 3, 4, "a/b:c"), "1.M2P3Q4.a\\057b\\072c");
}

}
