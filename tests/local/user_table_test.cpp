#include "local/assign.hpp"
#include "local/user_table.hpp"

#include <gtest/gtest.h>

#include <map>

namespace grapnel::local {

namespace {

// A table as qmail-newu would make it, in memory: the first of equal keys counts.
std::map<std::string, std::string> table_of(std::string_view assign)
{
    std::map<std::string, std::string> table;
    AssignReader reader;
    Assignment assignment;
    for (;;) {
        const auto end = assign.find('\n');
        const auto outcome =
            reader.take(assign.substr(0, end), end != std::string_view::npos, assignment);
        if (outcome != AssignReader::Outcome::assignment) break;
        table.insert({assignment.key, assignment.data});
        assign.remove_prefix(end + 1);
    }
    table.insert({"", reader.last_bytes()});
    return table;
}

std::string who(const std::map<std::string, std::string>& table, std::string_view local)
{
    const auto find = [&](std::string_view key) -> std::optional<std::string> {
        const auto found = table.find(std::string(key));
        return found == table.end() ? std::nullopt : std::optional(found->second);
    };
    const auto user = look_up(find, local);
    if (!user) return "failure";
    return *user ? (*user)->name + '|' + (*user)->dash + '|' + (*user)->extension : "none";
}

std::string joined(const std::vector<std::string>& fields)
{
    std::string record;
    for (const auto& field : fields) record += field + '\0';
    return record;
}

}

TEST(UserTable, TheWholeAddressWinsThenTheLongestWildcard)
{
    const auto table = table_of("=joe:joe:1:1:/h:::\n+joe-:joe:1:1:/h:-::\n+joe-list-:lists:1:1:/"
                                "h:-:l-:\n=joe-x:x:1:1:/h:::\n.\n");
    EXPECT_EQ(who(table, "joe"), "joe||");
    EXPECT_EQ(who(table, "JOE"), "joe||");
    EXPECT_EQ(who(table, "joe-Ext"), "joe|-|Ext");
    EXPECT_EQ(who(table, "Joe-List-Own"), "lists|-|l-Own");
    EXPECT_EQ(who(table, "joe-list"), "joe|-|list");
    EXPECT_EQ(who(table, "joe-x"), "x||");
    EXPECT_EQ(who(table, "joex"), "none");
    EXPECT_EQ(who(table, "jo"), "none");
}

TEST(UserTable, TheEmptyWildcardTakesEverything)
{
    const auto table = table_of("+:all:1:1:/h:-::\n.\n");
    EXPECT_EQ(who(table, "Any.One"), "all|-|Any.One");
    EXPECT_EQ(who(table_of(".\n"), "any"), "none");
}

TEST(UserTable, WithoutItsEmptyKeyItIsNoTable) { EXPECT_EQ(who({}, "joe"), "failure"); }

TEST(UserTable, RecordsRoundTripAndAreNeverTakenCutShort)
{
    const User user{"joe", 1000, 100, "/home/joe", "-", "list-x"};
    const std::string record = encode(user);
    EXPECT_EQ(decode_user(record).value(), user);
    for (std::size_t length = 0; length < record.size(); ++length)
        EXPECT_FALSE(decode_user(std::string_view(record).substr(0, length))) << length;
}

TEST(UserTable, NumbersThatNoUserCanHaveAreRefused)
{
    EXPECT_FALSE(decode_user(
        joined({"u", "4294967295", "1", "/", "", ""})));   // means "no change" to setuid
    EXPECT_FALSE(decode_user(joined({"u", "1", "4294967295", "/", "", ""})));
    EXPECT_FALSE(decode_user(joined({"u", "4294967296", "1", "/", "", ""})));
    EXPECT_FALSE(decode_user(joined({"u", "1", "x", "/", "", ""})));
    EXPECT_EQ(decode_user(joined({"u", "4294967294", "1", "/", "", ""}))->uid, 4294967294u);
    EXPECT_EQ(decode_user(joined({"u", "x", "y", "/", "", ""}))->uid,
              0u);   // whom nobody delivers as
}

TEST(Assign, LinesThatAreNotWholeAreRefused)
{
    AssignReader reader;
    Assignment assignment;
    const auto take = [&](std::string_view line, bool complete = true) {
        return reader.take(line, complete, assignment);
    };
    using Outcome = AssignReader::Outcome;
    EXPECT_EQ(take("=joe:joe:1:2:/h:-:x:ignored"), Outcome::assignment);
    EXPECT_EQ(assignment.key, std::string("!joe\0", 5));
    EXPECT_EQ(assignment.data, std::string("joe\0001\0002\0/h\0-\0x", 14));
    EXPECT_EQ(take("."), Outcome::end);
    EXPECT_EQ(take(".rest", false), Outcome::end);
    for (const auto* line : {"", "joe", ":joe:1:2:/h:-::", "=joe:joe:1:2:/h:-", "=joe:joe:1:2:/h"})
        EXPECT_EQ(take(line), Outcome::malformed) << line;
    EXPECT_EQ(take("=joe:joe:1:2:/h:::", false), Outcome::malformed);
    EXPECT_EQ(take(std::string_view("=j\0e:joe:1:2:/h:::", 18)), Outcome::malformed);
}

}
