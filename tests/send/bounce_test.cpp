#include "send/bounce.hpp"

#include "base/sys/file.hpp"
#include "send/bounce_file.hpp"
#include "support/temp_home.hpp"

#include <gtest/gtest.h>

#include <string>

namespace grapnel::send {
namespace {

const BounceNames names{"MAILER-DAEMON", "mx.example", "postmaster@mx.example"};

TEST(Bounce, AParagraphHasNoEmptyLineInside)
{
    EXPECT_EQ(failure_paragraph("a@b", "no such user\n"), "<a@b>:\nno such user\n\n");
    EXPECT_EQ(failure_paragraph("a@b", "no newline"), "<a@b>:\nno newline\n\n");
    EXPECT_EQ(failure_paragraph("a@b", ""), "<a@b>:\n\n");
    EXPECT_EQ(failure_paragraph("a@b", "a\n\nb\n"), "<a@b>:\na\n/b\n\n");
    EXPECT_EQ(failure_paragraph("a@b", "a\n\n\nb"), "<a@b>:\na\n//b\n\n");
    EXPECT_EQ(failure_paragraph("a@b", "\nb\n"), "<a@b>:\n/b\n\n");
    EXPECT_EQ(failure_paragraph("a\n@b", "x\n"), "<a_@b>:\nx\n\n");
}

TEST(Bounce, GoesToTheSenderWithANullSender)
{
    const auto notice = make_notice(names, "joe@a.example", 0);
    ASSERT_TRUE(notice);
    EXPECT_EQ(notice->sender, "");
    EXPECT_EQ(notice->recipient, "joe@a.example");
    EXPECT_EQ(notice->head,
              "Date: 1 Jan 1970 00:00:00 -0000\nFrom: MAILER-DAEMON@mx.example\nTo: joe@a.example\n"
              "Subject: failure notice\n\n"
              "Hi. This is the qmail-send program at mx.example.\n"
              "I'm afraid I wasn't able to deliver your message to the following addresses.\n"
              "This is a permanent error; I've given up. Sorry it didn't work out.\n\n");
    EXPECT_EQ(notice->middle,
              "--- Below this line is a copy of the message.\n\nReturn-Path: <joe@a.example>\n");
}

TEST(Bounce, OfABounceGoesToThePostmaster)
{
    const auto notice = make_notice(names, "", 0);
    ASSERT_TRUE(notice);
    EXPECT_EQ(notice->sender, "#@[]");
    EXPECT_EQ(notice->recipient, "postmaster@mx.example");
    EXPECT_NE(
        notice->head.find(
            "mx.example.\nI tried to deliver a bounce message to this address, but the bounce "
            "bounced!\n\n"),
        std::string::npos);
    EXPECT_EQ(notice->middle, "--- Below this line is the original bounce.\n\nReturn-Path: <>\n");
}

TEST(Bounce, OfABounceGoesNowhereWhereNobodyWantsIt)
{
    EXPECT_FALSE(make_notice({"MAILER-DAEMON", "mx.example", ""}, "", 0));
    EXPECT_TRUE(make_notice({"MAILER-DAEMON", "mx.example", ""}, "joe@a.example", 0));
}

TEST(Bounce, OfADoubleBounceGoesNowhere) { EXPECT_FALSE(make_notice(names, "#@[]", 0)); }

TEST(Bounce, OfAListMessageGoesToItsOwner)
{
    const auto notice = make_notice(names, "owner-@h.example-@[]", 0);
    ASSERT_TRUE(notice);
    EXPECT_EQ(notice->recipient, "owner-@h.example");
}

TEST(Bounce, QuotesWhatNeedsIt)
{
    const auto notice = make_notice({"mail er", "h", "p@h"}, "a b@h", 0);
    ASSERT_TRUE(notice);
    EXPECT_NE(notice->head.find("From: \"mail er\"@h\nTo: \"a b\"@h\n"), std::string::npos);
    EXPECT_EQ(notice->recipient, "a b@h");
}

TEST(TornTail, IsWhatFollowsTheLastEmptyLine)
{
    EXPECT_EQ(torn_tail("<a>:\nx\n\n"), 0u);
    EXPECT_EQ(torn_tail("<a>:\nx\n\n<b>:\nhal"), 8u);
    EXPECT_EQ(torn_tail("<b>:\nhal"), 8u);
    EXPECT_EQ(torn_tail(""), 0u);
}

struct BounceFile : testing::Test {
    test::TempDirectory directory;
    BounceFile()
    {
        change_directory(directory.path());
        make_directory("bounce", 0700);
    }
    ~BounceFile() override { change_directory("/"); }
};

TEST_F(BounceFile, LosesATornParagraphAtEveryLength)
{
    const std::string first = failure_paragraph("a@b", "one\n"),
                      second = failure_paragraph("c@d", "two\nlines\n");
    for (std::size_t length = 0; length < second.size(); ++length) {
        test::spill("bounce/7", first + second.substr(0, length));
        append_to_bounce(7, second);
        EXPECT_EQ(test::slurp("bounce/7"), first + second) << length;
        test::spill("bounce/7", first + second.substr(0, length));
        mend_bounce(7);
        EXPECT_EQ(test::slurp("bounce/7"), first) << length;
    }
}

TEST_F(BounceFile, IsMadeWhenThereIsNone)
{
    append_to_bounce(8, "<a>:\nx\n\n");
    EXPECT_EQ(test::slurp("bounce/8"), "<a>:\nx\n\n");
}

TEST_F(BounceFile, ZerosThatAPowerCutLeftGoToo)
{
    const std::string whole = failure_paragraph("a@b", std::string(5000, 'x'));
    test::spill("bounce/9", whole + std::string(3000, '\0'));
    append_to_bounce(9, "<c>:\ny\n\n");
    EXPECT_EQ(test::slurp("bounce/9"), whole + "<c>:\ny\n\n");
}

}
}
