#include "base/net/task.hpp"

#include "base/net/timer.hpp"

#include <gtest/gtest.h>

namespace grapnel::net {

using namespace std::chrono_literals;

namespace {

boost::asio::awaitable<void> wait_long(bool& begun, bool& came_back)
{
    begun = true;
    co_await sleep_for(60s);
    came_back = true;
}

boost::asio::awaitable<void> nothing() { co_return; }

boost::asio::awaitable<void> trouble()
{
    co_await yield_turn();
    throw std::runtime_error("trouble");
}

}

TEST(Task, CancelledItThrowsWhereItWaits)
{
    Loop loop;
    bool begun = false, came_back = false, ended = false;
    std::exception_ptr how;
    Task task(loop.executor(), wait_long(begun, came_back), [&](std::exception_ptr thrown) {
        ended = true;
        how = thrown;
    });
    soon(loop.executor(), [&] { task.cancel(); });
    loop.run();
    EXPECT_TRUE(begun && ended && how);
    EXPECT_FALSE(came_back);
    task.cancel();
}

TEST(Task, ItsEndIsToldWithWhatItThrew)
{
    Loop loop;
    std::exception_ptr how;
    int ended = 0;
    const auto tell = [&](std::exception_ptr thrown) {
        ++ended;
        how = thrown;
    };
    {
        const Task task(loop.executor(), nothing(), tell);
    }   // goes on without it
    loop.run();
    EXPECT_EQ(ended, 1);
    EXPECT_FALSE(how);
    loop.restart();
    const Task task(loop.executor(), trouble(), tell);
    loop.run();
    EXPECT_EQ(ended, 2);
    EXPECT_THROW(std::rethrow_exception(how), std::runtime_error);
}

}
