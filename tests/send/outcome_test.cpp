#include "send/outcome.hpp"

#include "send/dsn.hpp"
#include "send/reporting.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace grapnel::send {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
const BounceNames names{.from = "M", .host = "h", .double_to = "p@h", .me = "h"};
const BounceNames more{
    .from = "M", .host = "h", .double_to = "p@h", .most_copied = 100'000, .me = "h"};
constexpr queue::Position first{queue::Channel::remote, 0}, second{queue::Channel::local, 1};

Outcome relayed(queue::Position position = first)
{
    return make_outcome(position, Action::relayed, "b@far.example", 'K',
                        "192.0.2.1 accepted message.\nRemote host said: 250 2.1.5 ok\n", 7);
}

TEST(Outcome, SaysWhatWasSaidAndByWhom)
{
    const auto one = relayed();
    EXPECT_EQ(one.host, "192.0.2.1");
    EXPECT_EQ(one.reply.enhanced, "2.1.5");
    const auto ours = make_outcome(first, Action::failed, "b", 'D', "no such host (#5.1.2)\n", 7);
    EXPECT_EQ(ours.host, "");
    EXPECT_EQ(ours.reply.enhanced, "5.1.2");
    const auto there = make_outcome(
        first, Action::failed, "b", 'D',
        "Connected to 2001:db8::1 but sender was rejected.\nRemote host said: 550 no\n", 7);
    EXPECT_EQ(there.host, "2001:db8::1");
}

TEST(Outcome, OfWhatWasTooLongInTheQueueHasAStatusOfItsOwn)
{
    const auto old = make_outcome(
        first, Action::failed, "b", 'D',
        "192.0.2.1 is busy.\nRemote host said: 451 4.7.1 later\n" + std::string(too_old_text), 7);
    EXPECT_EQ(old.status, "5.4.7");
    EXPECT_EQ(old.reply.code, 451);
    EXPECT_THAT(old.reply.message, Not(HasSubstr("too long")));
    EXPECT_EQ(read_outcomes(encode(old)).failures.at(0), old);
}

TEST(Outcomes, AreReadAsTheyWereWritten)
{
    const auto one = relayed(), two = relayed(second);
    const auto read = read_outcomes(encode(one) + encode(two));
    ASSERT_THAT(read.successes, SizeIs(2));
    EXPECT_EQ(read.successes[0].position, second) << "local ones first";
    EXPECT_EQ(read.successes[1], one);
}

TEST(Outcomes, OfARecipientTheLastCounts)
{
    const auto failed = make_outcome(first, Action::failed, "b", 'D', "no\n", 7);
    EXPECT_THAT(read_outcomes(encode(failed) + encode(relayed())).failures, SizeIs(0));
    EXPECT_THAT(read_outcomes(encode(relayed()) + encode(failed)).successes, SizeIs(0));
}

TEST(Outcomes, WhatWasToldIsNotToldAgainEvenWhereItIsWrittenTwice)
{
    const auto line = encode(relayed());
    const auto told = line + told_line(line.size());
    EXPECT_THAT(read_outcomes(told).successes, SizeIs(0));
    EXPECT_THAT(read_outcomes(told + encode(relayed())).successes, SizeIs(0));
    EXPECT_THAT(read_outcomes(told + encode(relayed(second))).successes, SizeIs(1));
}

TEST(Outcomes, WhatCameWhileOthersWereToldIsStillToBeTold)
{
    const auto line = encode(relayed());
    const auto read = read_outcomes(line + encode(relayed(second)) + told_line(line.size()));
    ASSERT_THAT(read.successes, SizeIs(1));
    EXPECT_EQ(read.successes[0].position, second);
    EXPECT_EQ(read_outcomes(line + "r9 torn").bytes, line.size());
}

TEST(Outcomes, ACutOrSpoiledLineIsSkipped)
{
    const auto line = encode(relayed());
    for (std::size_t length = 0; length < line.size(); ++length)
        EXPECT_THAT(read_outcomes(line.substr(0, length)).successes, SizeIs(0)) << length;
    EXPECT_THAT(
        read_outcomes("x0 action=relayed to=b\nr0 to=b\nr0 action=relayed\n\n" + line).successes,
        SizeIs(1));
    EXPECT_EQ(torn_line("a\nbc"), 2u);
    EXPECT_EQ(torn_line("a\n"), 0u);
    EXPECT_EQ(torn_line("abc"), 3u);
}

TEST(Outcomes, WhoHasItNowMayTellOfIt)
{
    constexpr auto local = queue::Channel::local, remote = queue::Channel::remote;
    EXPECT_EQ(success_of(local, "did 1+0+0\n"), Action::delivered);
    EXPECT_EQ(success_of(local, "did 0+3+0\nqp 5\ndsn expanded\n"), Action::expanded);
    EXPECT_EQ(success_of(local, "did 0+1+0\nqp 5\ndsn passed on\n"), std::nullopt);
    EXPECT_EQ(success_of(remote, "192.0.2.1 accepted message.\n"), Action::relayed);
    EXPECT_EQ(success_of(remote, "192.0.2.1 accepted message.\ndsn passed on\n"), std::nullopt);
    EXPECT_EQ(success_of(remote, "x accepted message.\nRemote host said: 250 a\ndsn passed on\n"),
              Action::relayed)
        << "the remote host cannot say it";
}

MessageInfo with(std::string_view name, std::string_view value)
{
    MessageInfo info;
    info.sender = "s@a.example";
    info.message.set("id", "x");
    info.recipients[first].set(name, value);
    info.birth = 1000;
    return info;
}

TEST(Delay, IsToldToWhoAskedOrWhereTheOperatorWantsReports)
{
    const ReportPolicy quiet, reports{ReportForm::dsn, 14400}, off{ReportForm::dsn, 0};
    EXPECT_EQ(delay_due(quiet, with("notify", "DELAY"), first, 1000), 15400);
    EXPECT_EQ(delay_due(quiet, with("orcpt", "x"), first, 1000), std::nullopt);
    EXPECT_EQ(delay_due(reports, with("orcpt", "x"), first, 1000), 15400);
    EXPECT_EQ(delay_due(reports, with("notify", "FAILURE"), first, 1000), std::nullopt);
    EXPECT_EQ(delay_due(reports, with("notify", "NEVER"), first, 1000), std::nullopt);
    EXPECT_EQ(delay_due(off, with("notify", "DELAY"), first, 1000), std::nullopt);
    auto nobody = with("notify", "DELAY");
    nobody.sender.clear();
    EXPECT_EQ(delay_due(reports, nobody, first, 1000), std::nullopt);
}

TEST(Delay, IsToldWhenScannersSayAndOnce)
{
    auto info = with("next-dsn", "5000");
    EXPECT_EQ(delay_due({}, info, first, 1000), 5000);
    info.recipients[first].set("notify", "NEVER");
    EXPECT_EQ(delay_due({}, info, first, 1000), std::nullopt);
    info.recipients[first].set("notify", "DELAY");
    info.recipients[first].set("next-dsn", "never");
    EXPECT_EQ(delay_due({}, info, first, 1000), std::nullopt);
    info.recipients[first].erase("next-dsn");
    info.recipients[first].set("delayed", "4000");
    EXPECT_EQ(delay_due({}, info, first, 1000), std::nullopt);
}

TEST(Delay, AMessageIsLookedAtWhenSomethingIsDue)
{
    auto info = with("notify", "DELAY");
    EXPECT_EQ(next_look({}, info, queue::Channel::remote, 1000, 1000), 15400);
    EXPECT_EQ(next_look({}, info, queue::Channel::remote, 1000, 15400), std::nullopt);
    EXPECT_EQ(next_look({}, info, queue::Channel::local, 1000, 1000), std::nullopt);
    info.message.set("deliver-by", "2000;R");
    EXPECT_EQ(next_look({}, info, queue::Channel::local, 1000, 1000), 2000);
    EXPECT_FALSE(is_too_late(info, 1999));
    EXPECT_TRUE(is_too_late(info, 2000));
}

TEST(Traced, ARelayIsToldWithoutAskingForSuccess)
{
    auto info = with("orcpt", "x");
    EXPECT_FALSE(wants_success(info, first, Action::relayed));
    info.message.set("deliver-by", "2000;NT");
    EXPECT_TRUE(wants_success(info, first, Action::relayed));
    EXPECT_FALSE(wants_success(info, first, Action::delivered));
    info.recipients[first].set("notify", "NEVER");
    EXPECT_FALSE(wants_success(info, first, Action::relayed));
}

TEST(ReportForm, IsTheOperatorsElseTheSenders)
{
    const auto plain = MessageInfo{{"s@a.example", {}, {}, 0}, 0};
    EXPECT_EQ(form_for({}, plain), ReportForm::qsbmf);
    EXPECT_EQ(form_for({}, with("notify", "FAILURE")), ReportForm::dsn);
    EXPECT_EQ(form_for({ReportForm::qsbmf, 0}, with("notify", "FAILURE")), ReportForm::qsbmf);
    EXPECT_EQ(form_for({ReportForm::both, 0}, plain), ReportForm::both);
    EXPECT_FALSE(is_watched({}, plain));
}

TEST(Report, NoTextOfStrangersEndsAField)
{
    auto info = with("orcpt", "rfc822;a+0AEvil:+20x");
    info.message.set("envid", "x\r\nEvil: y");
    info.message.set("helo", "h\nEvil: z");
    auto outcome = make_outcome(first, Action::failed, "b\nEvil: q", 'D',
                                "192.0.2.1 no.\nRemote host said: 550 a\rEvil: b\n", 7);
    ReportedMatter matter;
    matter.recipients = {outcome};
    matter.token = "t";
    const auto notice = make_report(names, info, matter, ReportForm::dsn);
    EXPECT_THAT(notice.middle, Not(HasSubstr("\nEvil")));
    EXPECT_THAT(notice.middle, HasSubstr("Original-Recipient: rfc822; a+0AEvil:+20x\n"));
}

// RFC 6710 4.6.
TEST(Report, IsAsUrgentAsTheMessage)
{
    ReportedMatter matter;
    matter.recipients = {relayed()};
    auto info = with("notify", "SUCCESS");
    EXPECT_FALSE(make_report(names, info, matter, ReportForm::dsn).records.find("priority"));
    info.message.set("priority", "-3/2");
    const auto notice = make_report(names, info, matter, ReportForm::dsn);
    const auto* urgency = notice.records.find("priority");
    ASSERT_TRUE(urgency);
    EXPECT_EQ(*urgency, "-3");
}

TEST(Report, ALongMessageComesBackAsItsHeader)
{
    ReportedMatter matter;
    matter.recipients = {relayed()};
    matter.token = "t";
    matter.message_size = copied_by_default + 1;
    const auto info = with("orcpt", "x");
    EXPECT_EQ(make_report(names, info, matter, ReportForm::dsn).copy, Notice::Copy::header);
    EXPECT_EQ(make_report(more, info, matter, ReportForm::dsn).copy, Notice::Copy::whole);
}

}
}
