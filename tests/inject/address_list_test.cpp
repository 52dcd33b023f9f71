#include "inject/address_list.hpp"

#include <gtest/gtest.h>

using namespace grapnel::inject;

namespace {

struct Outcome {
    std::string printed;                  // "?" where the list makes no sense
    std::vector<std::string> addresses;   // in the order in which they were met
    bool operator==(const Outcome&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Outcome& outcome)
{
    out << outcome.printed;
    for (const auto& address : outcome.addresses) out << " | " << address;
    return out;
}

Outcome read(std::string_view text)
{
    Outcome outcome{"?", {}};
    const auto tokens = tokenize(text);
    if (!tokens) return outcome;
    const auto list = rewrite_list(
        *tokens, [&](Tokens& address) { outcome.addresses.push_back(plain(address)); });
    if (list) outcome.printed = print(*list);
    return outcome;
}

struct Row {
    const char* text;
    Outcome outcome;
};

}

TEST(AddressList, ReadsFromRightToLeft)
{
    const Row rows[] = {
        {"a@b", {"a@b", {"a@b"}}},
        {"a@b, c@d", {"a@b, c@d", {"c@d", "a@b"}}},
        {"Ann Bee <a@b>", {"Ann Bee <a@b>", {"a@b"}}},
        {"\"Bee, Ann\" <a@b>", {"\"Bee, Ann\" <a@b>", {"a@b"}}},
        {"<>", {"<>", {""}}},
        {"", {"", {}}},
        {" \t\r\n", {"", {}}},
        {",,a,,", {", , a, ,", {"a"}}},
        {"(c)", {"(c)", {}}},
        {"Crew: a, b;", {"Crew: a, b;", {"b", "a"}}},
        {"Crew:;", {"Crew: ;", {}}},
        {"x, The Crew: a;, y", {"x, The Crew: a;, y", {"y", "a", "x"}}},
        {"<@r,@s:a@b>", {"<@r, @s: a@b>", {"@r,@s:a@b"}}},
        {"a@[10.0.0.1]", {"a@[10.0.0.1]", {"a@[10.0.0.1]"}}},
        {"\"a b\"@c", {"\"a b\"@c", {"a b@c"}}},
        {"a . b @ c . d", {"a.b@c.d", {"a.b@c.d"}}},
        {"Ann@home <a@b>", {"Ann@home <a@b>", {"a@b"}}},
        {"J. D. <a@b>", {"J.D. <a@b>", {"a@b"}}},
    };
    for (const auto& row : rows) EXPECT_EQ(read(row.text), row.outcome) << row.text;
}

TEST(AddressList, PutsInMissingCommas)
{
    const Row rows[] = {
        {"a@b c@d", {"a@b, c@d", {"c@d", "a@b"}}},
        {"a b c", {"a, b, c", {"c", "b", "a"}}},
        {"<a@b> <c@d>", {"<a@b>, <c@d>", {"c@d", "a@b"}}},
        {"<a@b> c@d", {"<a@b>, c@d", {"c@d", "a@b"}}},
        {"Ann <a@b> Bob <c@d>", {"Ann <a@b>, Bob <c@d>", {"c@d", "a@b"}}},
        {"a (A) b (B)", {"a, (A) b (B)", {"b", "a"}}},
        {"a; b", {"a;, b", {"b", "a"}}},
    };
    for (const auto& row : rows)
        EXPECT_EQ(read(row.text).addresses, row.outcome.addresses) << row.text;
    // As ever: a name needs no comma before it.
    EXPECT_EQ(read("Ann <a@b> Bob <c@d>").printed, "Ann <a@b>Bob <c@d>");
    EXPECT_EQ(read("a b c").printed, "a, b, c");
}

TEST(AddressList, MakesNoSenseOf)
{
    for (const auto* bad : {"\"abc", "(abc", "[abc", ") a", "a ]", "a\\@b>", "a@b>", "a; b;",
                            "x: a", "(a\\", "\"a\\"})
        EXPECT_EQ(read(bad).printed, "?") << bad;
}

TEST(AddressList, CommentsMoveBehindTheAddressAndLoseInnerParentheses)
{
    EXPECT_EQ(read("a(x)@(y)b(z).c").printed, "a@b.c (x) (y) (z)");
    EXPECT_EQ(read("a@b (one (two) three)").printed, "a@b (one two three)");
    EXPECT_EQ(read("a@b (one \\) two)").printed, "a@b (one \\) two)");
}

TEST(AddressList, QuotesWhatMustBe)
{
    EXPECT_EQ(read("\xe5sa <a@b>").printed, "\"\xe5sa\" <a@b>");
    EXPECT_EQ(read("a\\)b@c").printed, "\"a\\)b\"@c");
    EXPECT_EQ(read("\"a\\\"b\\\\c\"@d").printed, "\"a\\\"b\\\\c\"@d");
    EXPECT_EQ(quoted("a b@c"), "\"a b\"@c");
    EXPECT_EQ(quoted("\xe5@c"), "\"\xe5\"@c");
    EXPECT_EQ(quoted("@c"), "\"\"@c");
    EXPECT_EQ(quoted("a@b@c"), "\"a@b\"@c");
    EXPECT_EQ(quoted(""), "");
    EXPECT_EQ(quoted("a.b"), "a.b");
}

TEST(AddressList, BreaksLinesBehindCommas)
{
    std::string list;
    for (int i = 0; i < 9; ++i) list += "person" + std::to_string(i) + "@department.example,";
    const auto tokens = tokenize("To: " + list + "last@x");
    ASSERT_TRUE(tokens);
    const auto printed = print(*tokens);
    std::size_t begin = 0;
    while (begin < printed.size()) {
        const auto end = std::min(printed.find('\n', begin), printed.size());
        EXPECT_LE(end - begin, 80u);
        EXPECT_EQ(printed.substr(begin, 2), begin > 0 ? "  " : "To");
        begin = end + 1;
    }
    EXPECT_EQ(tokenize(printed), tokens);
}

TEST(AddressList, WhatIsPrintedReadsTheSame)
{
    for (const auto* text : {"a@b, \"c d\" <e@f> (g)", "x: y, z;", "[a\\]b]", "\"\\\r\\\n\"",
                             "a\\ b", "<@a:b@c>, d"}) {
        const auto tokens = tokenize(text);
        ASSERT_TRUE(tokens) << text;
        const auto again = tokenize(print(*tokens));
        ASSERT_TRUE(again) << text;
        EXPECT_EQ(print(*again), print(*tokens)) << text;
    }
}
