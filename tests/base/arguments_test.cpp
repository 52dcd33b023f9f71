#include "base/arguments.hpp"

#include <gtest/gtest.h>

using namespace grapnel;

namespace {

// Letters with their values in brackets, then the words that are left.
std::string read(const std::vector<std::string>& words, const char* letters = "abv:E")
{
    std::string said;
    Arguments arguments(words, letters);
    while (const auto letter = arguments.next()) {
        if (*letter == '?') return said + arguments.complaint();
        said += *letter;
        if (*letter == 'v') said += '[' + arguments.value() + ']';
        if (*letter == 'E') said += '(' + arguments.take_rest_of_word() + ')';
    }
    for (const auto& word : arguments.rest()) said += ' ' + word;
    return said;
}

}

TEST(Arguments, OptionsEndAtTheFirstOtherWord)
{
    EXPECT_EQ(read({"p", "-ab", "x", "-a"}), "ab x -a");
    EXPECT_EQ(read({"p", "-a", "-", "-b"}), "a - -b");
    EXPECT_EQ(read({"p", "-a", "--", "-b"}), "a -b");
    EXPECT_EQ(read({"p", "-a", "--long", "-b"}), "a -b");
    EXPECT_EQ(read({"p", "", "-b"}), "  -b");
    EXPECT_EQ(read({"p"}), "");
    EXPECT_EQ(read({}), "");
}

TEST(Arguments, ValuesStandInTheSameWordOrTheNext)
{
    EXPECT_EQ(read({"p", "-vx", "-av", "y", "-v", "", "z"}), "v[x]av[y]v[] z");
    EXPECT_EQ(read({"p", "-v", "--", "z"}), "v[--] z");
    EXPECT_EQ(read({"p", "-aEfoo", "-b", "x"}), "aE(foo)b x");
    EXPECT_EQ(read({"p", "-E", "x"}), "E() x");
    EXPECT_EQ(read({"p", "-Ex"}), "E(x)");
}

TEST(Arguments, ComplainsAsGetoptDoes)
{
    EXPECT_EQ(read({"/usr/bin/p", "-az"}), "ap: illegal option -- z");
    EXPECT_EQ(read({"p", "-a:"}), "ap: illegal option -- :");
    EXPECT_EQ(read({"p", "-v"}), "p: option requires an argument -- v");
}
