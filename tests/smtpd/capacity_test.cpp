// What MAIL hears when the queue is short of something.
#include "smtpd/queue_load.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <thread>

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

TEST(QueueLoad, MessagesThatWaitAddUpOverTheWorkers)
{
    const Shared shared(2);
    QueueLoad one("/", {shared.parts(), 0, shared.seed()}),
        two("/absent", {shared.parts(), 1, shared.seed()});
    const auto now = std::chrono::steady_clock::now();
    const auto most = 128 * std::max(1u, std::thread::hardware_concurrency());
    std::deque<QueueLoad::Commit> waiting;
    for (unsigned i = 1; i < most; ++i) waiting.emplace_back(&one);
    EXPECT_FALSE(two.refusal(0, now));
    waiting.emplace_back(&one);
    const auto answer = two.refusal(0, now);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->code, 451);
    EXPECT_EQ(answer->why, "waiting-commits");
    shared.parts()[0].clear();   // that worker is gone
    EXPECT_FALSE(two.refusal(0, now));
}

TEST(QueueLoad, MemoryIsGivenBackWithTheMessage)
{
    QueueLoad load("/absent");
    const auto now = std::chrono::steady_clock::now();
    {
        QueueLoad::Held held(&load);
        held.set(100);
        EXPECT_FALSE(load.refusal(0, now));
        held.set(std::size_t{1} << 30);
        ASSERT_TRUE(load.refusal(0, now));
        EXPECT_EQ(load.refusal(0, now)->why, "memory");
    }
    EXPECT_FALSE(load.refusal(0, now));
}

}
}
