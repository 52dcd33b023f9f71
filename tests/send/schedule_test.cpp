#include "send/schedule.hpp"

#include <gtest/gtest.h>

namespace grapnel::send {
namespace {

using queue::Channel;

TEST(Schedule, SpacesAttemptsQuadratically)
{
    std::time_t at = 0;
    for (int k = 1; k < 50; ++k) {
        at = next_attempt(0, at, Channel::remote);
        EXPECT_EQ(at, 400 * k * k);
    }
    at = 5'000'000;
    for (int k = 1; k < 50; ++k) {
        at = next_attempt(5'000'000, at, Channel::local);
        EXPECT_EQ(at, 5'000'000 + 100 * k * k);
    }
}

TEST(Schedule, RoundsTheRootDownAndTakesABirthInTheFutureAsNow)
{
    EXPECT_EQ(next_attempt(1000, 1000 + 399, Channel::remote), 1000 + 39 * 39);
    EXPECT_EQ(next_attempt(1000, 1000 + 400, Channel::remote), 1000 + 40 * 40);
    EXPECT_EQ(next_attempt(1000, 10, Channel::local), 1100);
    EXPECT_EQ(next_attempt(0, 1'795'316'570, Channel::local),
              (42371 + 10) * std::time_t{42371 + 10});
}

TEST(DueHeap, ForwardsOneMessage)
{
    DueHeap heap;
    for (const Due due : {50, 10, 40, 20, 30})
        heap.add(due, static_cast<queue::MessageNumber>(due + 1));
    heap.hasten(41, 15);
    heap.hasten(11, 60);
    heap.hasten(99, 5);
    std::vector<queue::MessageNumber> order;
    while (!heap.empty()) order.push_back(heap.take().message);
    EXPECT_EQ(order, (std::vector<queue::MessageNumber>{11, 41, 21, 31, 51}));
}

TEST(DueHeap, GivesTheEarliestFirst)
{
    DueHeap heap;
    for (const Due due : {50, 10, 40, 20, 30})
        heap.add(due, static_cast<queue::MessageNumber>(due + 1));
    EXPECT_FALSE(heap.is_due(9));
    EXPECT_TRUE(heap.is_due(10));
    for (const Due due : {10, 20, 30, 40, 50}) {
        const auto entry = heap.take();
        EXPECT_EQ(entry.due, due);
        EXPECT_EQ(entry.message, static_cast<queue::MessageNumber>(due + 1));
    }
    EXPECT_TRUE(heap.empty());
}

TEST(DueHeap, ForwardsManyAndNamesThoseThatAreNotDue)
{
    DueHeap heap;
    for (const Due due : {50, 10, 40, 20, 30})
        heap.add(due, static_cast<queue::MessageNumber>(due + 1));
    auto later = heap.later_than(20);
    std::sort(later.begin(), later.end());
    EXPECT_EQ(later, (std::vector<queue::MessageNumber>{31, 41, 51}));
    heap.hasten({41, 51, 11, 99}, 15);
    EXPECT_TRUE(heap.later_than(30).empty());
    std::vector<Due> order;
    while (!heap.empty()) order.push_back(heap.take().due);
    EXPECT_EQ(order, (std::vector<Due>{10, 15, 15, 20, 30}));
}

TEST(DueHeap, AnAlarmMakesEverythingDue)
{
    DueHeap heap;
    heap.add(500, 1);
    heap.add(3, 2);
    heap.make_all_due(100);
    EXPECT_EQ(heap.take().message, 2u);
    EXPECT_TRUE(heap.is_due(100));
}

}
}
