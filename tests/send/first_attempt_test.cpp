// What is decided about messages tried straight from todo; time is given.
#include "send/first_attempt.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace grapnel::send {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
constexpr auto local = queue::Channel::local, remote = queue::Channel::remote;

Sorted two_and_one()
{
    return {
        {"s@a", {}, {}, 0}, {{false, "a@here", 0}, {false, "b@here", 8}}, {{false, "c@far", 0}}};
}

struct Attempts : testing::Test {
    FirstAttempts first;
    Attempts() { first.begin(7, two_and_one(), 5, 10'000); }
};

TEST_F(Attempts, LeaveWhenAllIsDelivered)
{
    first.delivered(7, local, 0);
    first.delivered(7, remote, 0);
    EXPECT_THAT(first.next(10'001).leave, IsEmpty());
    first.delivered(7, local, 8);
    const auto next = first.next(10'002);
    EXPECT_THAT(next.leave, ElementsAre(7));
    EXPECT_THAT(next.write, IsEmpty());
    EXPECT_TRUE(first.at(7).leaving);
    EXPECT_THAT(first.next(20'000).write, IsEmpty()) << "said once, and nothing is to be written";
}

TEST_F(Attempts, AreWrittenAfterASecond)
{
    EXPECT_EQ(first.next_due(), 11'000);
    first.delivered(7, local, 8);
    EXPECT_THAT(first.next(10'999).write, IsEmpty());
    EXPECT_THAT(first.next(11'000).write, ElementsAre(7));
    EXPECT_THAT(first.next(12'000).write, IsEmpty()) << "said once";
    EXPECT_FALSE(first.at(7).message.local[0].done);
    EXPECT_TRUE(first.at(7).message.local[1].done);
}

TEST_F(Attempts, AreWrittenWhenOneIsDeferred)
{
    first.deferred(7);
    EXPECT_THAT(first.next(10'001).write, ElementsAre(7));
}

TEST_F(Attempts, WithAFailureAreWrittenThoughNothingIsToBeDone)
{
    first.delivered(7, local, 0);
    first.delivered(7, local, 8);
    first.failed(7, remote, 0, "<c@far>:\nno\n\n");
    const auto next = first.next(10'001);
    EXPECT_THAT(next.write, ElementsAre(7));
    EXPECT_THAT(next.leave, IsEmpty());
    EXPECT_EQ(first.at(7).bounce, "<c@far>:\nno\n\n");
    EXPECT_TRUE(first.at(7).message.remote[0].done);
}

TEST_F(Attempts, ThatCannotBeWrittenWaitWithAllTheirResults)
{
    first.failed(7, remote, 0, "one\n\n");
    ASSERT_THAT(first.next(10'001).write, ElementsAre(7));
    first.put_off(7, 20'001);
    first.deferred(7);
    first.delivered(7, local, 8);
    EXPECT_THAT(first.next(20'000).write, IsEmpty()) << "a full disk is not asked at each report";
    first.at(7).bounce.clear();   // on file by then
    first.delivered(7, local, 0);
    const auto next = first.next(20'001);
    EXPECT_THAT(next.leave, IsEmpty()) << "somebody is still to be told";
    EXPECT_THAT(next.write, ElementsAre(7));
}

TEST_F(Attempts, PutOffAndThenDeliveredNeedNoFile)
{
    first.next(11'000);
    first.put_off(7, 21'000);
    first.delivered(7, local, 0);
    first.delivered(7, local, 8);
    first.delivered(7, remote, 0);
    EXPECT_THAT(first.next(11'500).leave, ElementsAre(7));
}

TEST_F(Attempts, AreAllWrittenAtTheEnd)
{
    first.begin(8, two_and_one(), 5, 10'000);
    first.next(11'000);
    first.put_off(7, 21'000);
    first.put_off(8, 21'000);
    first.hurry();
    EXPECT_EQ(*first.next_due() <= 11'001, true);
    EXPECT_THAT(first.next(11'001).write, UnorderedElementsAre(7, 8));
}

TEST_F(Attempts, ANumberGivenToAnotherMessageBringsNothingOfTheOld)
{
    first.delivered(7, local, 0);
    first.forget(7);
    EXPECT_FALSE(first.contains(7));
    first.begin(7, two_and_one(), 6, 10'500);
    const auto next = first.next(11'200);
    EXPECT_THAT(next.leave, IsEmpty());
    EXPECT_THAT(next.write, IsEmpty()) << "its own second is not over";
    EXPECT_EQ(first.at(7).to_do, 3u);
}

TEST_F(Attempts, AReportAboutNobodyChangesNothing)
{
    first.delivered(7, local, 3);
    first.delivered(7, local, 8);
    first.delivered(7, local, 8);
    EXPECT_EQ(first.at(7).to_do, 2u);
}

}
}
