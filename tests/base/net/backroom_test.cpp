#include "base/net/backroom.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <future>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

namespace grapnel::net {
namespace {

using namespace std::chrono_literals;

enum class End { none, done, too_much, failed };

struct Scene {
    Loop loop;
    std::optional<Backroom> room{std::in_place, loop.executor(), 2};
    std::promise<void> gate;
    std::shared_future<void> open{gate.get_future()};
    std::vector<End> ends = std::vector<End>(4, End::none);
    std::size_t over = 0, wanted = 1;
};

boost::asio::awaitable<void> ask(Scene& scene, std::size_t which, std::function<void()> work,
                                 std::chrono::steady_clock::duration limit)
{
    try {
        const bool done =
            co_await scene.room->run(std::move(work), std::chrono::steady_clock::now() + limit);
        scene.ends[which] = done ? End::done : End::too_much;
    } catch (const std::runtime_error&) {
        scene.ends[which] = End::failed;
    }
    if (++scene.over == scene.wanted) scene.loop.stop();
}

void begin(Scene& scene, std::size_t which, std::function<void()> work,
           std::chrono::steady_clock::duration limit = 600s)
{
    start(scene.loop.executor(), ask(scene, which, std::move(work), limit),
          [](std::exception_ptr) {});
}

TEST(Backroom, WorksBesideTheLoop)
{
    Scene scene;
    const auto here = std::this_thread::get_id();
    std::thread::id there;
    scene.wanted = 2;
    begin(scene, 0, [&] {
        scene.open.wait();   // for what only the loop does
        there = std::this_thread::get_id();
    });
    begin(scene, 1, [] { throw std::runtime_error("no"); });
    soon(scene.loop.executor(), [&] { scene.gate.set_value(); });
    scene.loop.run();
    EXPECT_EQ(scene.ends[0], End::done);
    EXPECT_EQ(scene.ends[1], End::failed);
    EXPECT_NE(there, here);
}

TEST(Backroom, WhatIsTooMuchOrTooLateIsNotDone)
{
    Scene scene;
    scene.wanted = 2;
    std::promise<void> begun;
    bool second = false;
    begin(scene, 0, [&] {
        begun.set_value();
        scene.open.wait();
    });
    soon(scene.loop.executor(), [&] {
        begun.get_future().wait();   // then two may wait, and one more may not
        begin(
            scene, 1, [&] { second = true; }, 1ms);
        begin(scene, 2, [] {});
        begin(scene, 3, [] {});
    });
    scene.loop.run();
    EXPECT_EQ(scene.ends[3], End::too_much);
    EXPECT_EQ(scene.ends[1], End::too_much);
    scene.gate.set_value();
    scene.wanted = 4;
    scene.loop.restart();
    scene.loop.run();
    EXPECT_EQ(scene.ends[0], End::done);
    EXPECT_EQ(scene.ends[2], End::done);
    EXPECT_FALSE(second);
}

TEST(Backroom, EndsWhenTheWorkThatHasBegunIsDone)
{
    Scene scene;
    std::promise<void> begun;
    bool finished = false;
    begin(scene, 0, [&] {
        begun.set_value();
        scene.open.wait();
        finished = true;
    });
    begin(scene, 1, [] {});
    soon(scene.loop.executor(), [&] { scene.loop.stop(); });
    scene.loop.run();
    begun.get_future().wait();
    scene.gate.set_value();
    scene.room.reset();
    EXPECT_TRUE(finished);
    EXPECT_EQ(scene.ends[0], End::none);   // the loop has stopped before
}

}
}
