// What MAIL hears when the queue is short of something.
#include "smtpd/capacity.hpp"

#include <gtest/gtest.h>

namespace grapnel::smtpd {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t mebibyte = 1 << 20;

int code(const QueueState& state, std::uint64_t size = 0)
{
    const auto answer = refusal(state, size);
    return answer ? answer->code : 250;
}

TEST(Capacity, AFreshStateRefusesNothing) { EXPECT_EQ(code({}), 250); }

TEST(Capacity, TheDiskKeepsOneInTwentyAndTwiceTheMessage)
{
    QueueState state;
    state.disk = DiskRoom{25 * mebibyte, 100 * mebibyte};
    EXPECT_EQ(code(state), 250);
    EXPECT_EQ(code(state, 9 * mebibyte), 250);
    EXPECT_EQ(code(state, 11 * mebibyte), 452);
    EXPECT_EQ(code(state, ~std::uint64_t{0}), 452);
    state.disk->free = 5 * mebibyte - 1;
    EXPECT_EQ(code(state), 452);
    EXPECT_EQ(refusal(state, 0)->enhanced, "4.3.1");
}

TEST(Capacity, AThousandFilesAreKeptWhereFilesAreCounted)
{
    QueueState state;
    state.disk = DiskRoom{100 * mebibyte, 100 * mebibyte, 1000};
    EXPECT_EQ(code(state), 250);
    state.disk->files = 999;
    EXPECT_EQ(code(state), 452);
    state.disk->files.reset();
    EXPECT_EQ(code(state), 250);
}

TEST(Capacity, WhileCommitsAreSlowOneMessageAtATimeTries)
{
    QueueState state;
    state.commits_are_slow = true;
    EXPECT_EQ(code(state), 250);
    state.waiting_here = 1;
    EXPECT_EQ(code(state), 451);
    EXPECT_EQ(refusal(state, 0)->enhanced, "4.3.2");
    state.commits_are_slow = false;
    EXPECT_EQ(code(state), 250);
}

TEST(Capacity, SoManyWaitOrAreHeldAndNoMore)
{
    QueueState state;
    state.most_waiting = 256;
    state.most_held = mebibyte;
    state.waiting = 255;
    state.held = mebibyte - 1;
    EXPECT_EQ(code(state), 250);
    state.waiting = 256;
    EXPECT_EQ(code(state), 451);
    state.waiting = 0;
    state.held = mebibyte;
    EXPECT_EQ(code(state), 451);
}

constexpr CommitTimes::Moment start{};

void commit(CommitTimes& times, std::chrono::seconds took)
{
    times.begun(start);
    times.ended(start, start + took);
}

TEST(CommitTimes, OneSlowInTenIsNoReasonYet)
{
    CommitTimes times;
    EXPECT_FALSE(times.are_slow(start));
    for (int i = 0; i < 18; ++i) commit(times, 5s);
    for (int i = 0; i < 2; ++i) commit(times, 6s);
    EXPECT_FALSE(times.are_slow(start));
    commit(times, 6s);
    EXPECT_TRUE(times.are_slow(start));
}

TEST(CommitTimes, TheLastTwentyCount)
{
    CommitTimes times;
    for (int i = 0; i < 100; ++i) commit(times, 6s);
    for (int i = 0; i < 17; ++i) commit(times, 1s);
    EXPECT_TRUE(times.are_slow(start));
    commit(times, 1s);
    EXPECT_FALSE(times.are_slow(start));
}

TEST(CommitTimes, WhatHangsIsSlowBeforeItEnds)
{
    CommitTimes times;
    for (int i = 0; i < 20; ++i) commit(times, 1s);
    for (int i = 0; i < 3; ++i) times.begun(start);
    EXPECT_EQ(times.waiting(), 3u);
    EXPECT_FALSE(times.are_slow(start + 5s));
    EXPECT_TRUE(times.are_slow(start + 6s));
    for (int i = 0; i < 3; ++i) times.ended(start, start + 6s);
    EXPECT_EQ(times.waiting(), 0u);
    EXPECT_TRUE(times.are_slow(start + 6s));
}

}
}
