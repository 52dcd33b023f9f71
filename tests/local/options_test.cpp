#include "local/options.hpp"

#include <gtest/gtest.h>

namespace grapnel::local {

namespace {

constexpr const char* usage =
    "qmail-local: usage: qmail-local [ -nN ] user homedir local dash ext domain sender aliasempty";

using Words = std::vector<std::string>;

Words with(Words before, const Words& fields = {"joe", "/home/joe", "joe-x", "-", "x",
                                                "here.example", "s@x", "./Mailbox"})
{
    before.insert(before.begin(), "bin/qmail-local");
    before.insert(before.end(), fields.begin(), fields.end());
    return before;
}

}

TEST(Options, EightArgumentsStandInTheirOrder)
{
    const auto options = parse_options(with({"--"}));
    ASSERT_TRUE(options);
    EXPECT_FALSE(options->dry_run);
    EXPECT_EQ(options->user, "joe");
    EXPECT_EQ(options->home, "/home/joe");
    EXPECT_EQ(options->local, "joe-x");
    EXPECT_EQ(options->dash, "-");
    EXPECT_EQ(options->extension, "x");
    EXPECT_EQ(options->domain, "here.example");
    EXPECT_EQ(options->sender, "s@x");
    EXPECT_EQ(options->fallback, "./Mailbox");
}

TEST(Options, TheLastOfBothSwitchesCounts)
{
    EXPECT_TRUE(parse_options(with({"-n"}))->dry_run);
    EXPECT_TRUE(parse_options(with({"-Nn"}))->dry_run);
    EXPECT_FALSE(parse_options(with({"-n", "-N"}))->dry_run);
}

TEST(Options, AnythingElseIsAnsweredWithTheUsage)
{
    EXPECT_EQ(parse_options({"qmail-local"}).error().text, usage);
    EXPECT_EQ(parse_options(with({}, {"joe", "/h", "joe", "-", "x", "d", "s"})).error().text,
              usage);
    EXPECT_EQ(
        parse_options(with({}, {"joe", "/h", "joe", "-", "x", "d", "s", "a", "b"})).error().text,
        usage);
    EXPECT_EQ(parse_options(with({}, {"joe", "h", "joe", "-", "x", "d", "s", "a"})).error().text,
              usage);
    EXPECT_EQ(parse_options(with({"-x"})).error().text,
              std::string("qmail-local: illegal option -- x\n") + usage);
}

}
