#include "local/dot_qmail.hpp"

#include <gtest/gtest.h>

namespace grapnel::local {

namespace {

using Kind = Instruction::Kind;

std::vector<std::string> names(std::string_view dash, std::string_view extension)
{
    std::vector<std::string> result;
    for (const auto& candidate : dot_qmail_names(dash, extension)) result.push_back(candidate.name);
    return result;
}

using Names = std::vector<std::string>;

}

TEST(DotQmail, EachLineIsWhatItsFirstByteSays)
{
    const auto parsed = parse_dot_qmail(
        "# note\n./Maildir/\n/var/mail/joe\n|cat >x\n&a@b\nc@d\n\n+other\n.", false);
    ASSERT_TRUE(parsed);
    const std::vector<Instruction> expected{
        {Kind::maildir, "./Maildir/"}, {Kind::mbox, "/var/mail/joe"}, {Kind::program, "cat >x"},
        {Kind::forward, "a@b"},        {Kind::forward, "c@d"},        {Kind::mbox, "."}};
    EXPECT_EQ(*parsed, expected);
}

TEST(DotQmail, BlanksAreTrimmedOnlyAtTheEnd)
{
    EXPECT_EQ(parse_dot_qmail("./Mail/ \t \n", false)->front(),
              (Instruction{Kind::maildir, "./Mail/"}));
    EXPECT_EQ(parse_dot_qmail("& a@b \n", false)->front(), (Instruction{Kind::forward, " a@b"}));
    EXPECT_EQ(parse_dot_qmail(" a@b", false)->front(), (Instruction{Kind::forward, " a@b"}));
    EXPECT_EQ(parse_dot_qmail("&", false)->front(), (Instruction{Kind::forward, ""}));
}

TEST(DotQmail, AFirstLineThatIsBlankMeansItIsBeingEdited)
{
    for (const std::string_view text :
         {std::string_view(""), std::string_view("\n"), std::string_view(" \t\n./Mailbox"),
          std::string_view("   "), std::string_view("\0./Mailbox", 10)}) {
        const auto parsed = parse_dot_qmail(text, false);
        ASSERT_FALSE(parsed);
        EXPECT_EQ(parsed.error().retry, Retry::later);
        EXPECT_EQ(parsed.error().text, "Uh-oh: first line of .qmail file is blank. (#4.2.1)");
    }
    EXPECT_TRUE(parse_dot_qmail("#\n\n \n\n", false)->empty());
}

TEST(DotQmail, ForwardOnlyRefusesFilesAndProgramsFromWhereItIsSaid)
{
    const auto parsed = parse_dot_qmail("./before\n+list \n./after\n|after\na@b\n", false);
    const std::vector<Instruction> expected{{Kind::mbox, "./before"},
                                            {Kind::mbox, "./after", true},
                                            {Kind::program, "after", true},
                                            {Kind::forward, "a@b"}};
    EXPECT_EQ(*parsed, expected);
    EXPECT_TRUE(parse_dot_qmail("./x", true)->front().refused);
    EXPECT_FALSE(parse_dot_qmail("+lists\n./x", false)->front().refused);
}

TEST(DotQmail, ANulEndsWhatASystemCallWouldSee)
{
    const auto parsed = parse_dot_qmail(std::string_view("&a@b\0Tx@y\n", 10), false);
    EXPECT_EQ(parsed->front().operand(), "a@b");
    EXPECT_TRUE(parse_dot_qmail(std::string_view("#\n\0/x\n", 6), false)->empty());
}

TEST(DotQmail, FilesAreTriedFromTheWholeExtensionToTheShortestDefault)
{
    EXPECT_EQ(names("", ""), (Names{".qmail", ".qmaildefault"}));
    EXPECT_EQ(names("-", ""), (Names{".qmail-", ".qmail-default"}));
    EXPECT_EQ(names("-", "a"), (Names{".qmail-a", ".qmail-default"}));
    EXPECT_EQ(names("-", "a-"), (Names{".qmail-a-", ".qmail-a-default", ".qmail-default"}));
    EXPECT_EQ(names("-", "a-b"), (Names{".qmail-a-b", ".qmail-a-default", ".qmail-default"}));
    EXPECT_EQ(names("-", "A.B-c-d"), (Names{".qmail-a:b-c-d", ".qmail-a:b-c-default",
                                            ".qmail-a:b-default", ".qmail-default"}));
}

TEST(DotQmail, DefaultStandsForTheRestInItsOriginalCase)
{
    const auto candidates = dot_qmail_names("-", "List-Ab.C");
    EXPECT_EQ(candidates[0].rest, std::nullopt);
    EXPECT_EQ(candidates[1].rest, "Ab.C");
    EXPECT_EQ(candidates[2].rest, "List-Ab.C");
    EXPECT_EQ(dot_qmail_names("-", "x-Default")[0].rest, "Default");
}

TEST(DotQmail, NoExtensionLeavesTheHome)
{
    for (const auto* extension : {"/etc/passwd", "../x", "a-../../x", "a/b-c", "a-/"})
        for (const auto& name : names("-", extension)) {
            EXPECT_EQ(name.find('/'), std::string::npos) << name;
            EXPECT_EQ(name.find("."), 0u) << name;
            EXPECT_EQ(name.find(".", 1), std::string::npos) << name;
        }
    EXPECT_EQ(names("-", "a-b/c"), (Names{".qmail-a-default", ".qmail-default"}));
    EXPECT_EQ(owner_file("-", "a/b", "-owner"), std::nullopt);
    EXPECT_EQ(owner_file("-", "A.b", "-owner"), ".qmail-a:b-owner");
}

}
