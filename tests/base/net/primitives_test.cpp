#include "base/net/child.hpp"
#include "base/net/descriptor.hpp"
#include "base/net/signals.hpp"
#include "base/net/timer.hpp"

#include <gtest/gtest.h>

#include <array>
#include <csignal>
#include <string>

namespace grapnel::net {
namespace {

namespace asio = boost::asio;

void run_to_end(Loop& loop, asio::awaitable<void> work)
{
    std::exception_ptr trouble;
    start(loop.executor(), std::move(work), [&](std::exception_ptr error) {
        trouble = error;
        loop.stop();
    });
    loop.run();
    if (trouble) std::rethrow_exception(trouble);
}

asio::awaitable<void> read_to_end(Descriptor& from, std::string& text)
{
    std::array<char, 1000> buffer;
    for (;;) {
        const std::size_t count = co_await from.read_some(buffer.data(), buffer.size());
        if (count == 0) co_return;
        text.append(buffer.data(), count);
    }
}

asio::awaitable<void> write_and_close(Descriptor& to, const std::string& text)
{
    co_await to.write_all(text);
    to.close();
}

TEST(Descriptor, CarriesMoreThanAPipeHolds)
{
    Loop loop;
    Pipe pipe = make_pipe();
    Descriptor reader(loop.executor(), std::move(pipe.reader)),
        writer(loop.executor(), std::move(pipe.writer));
    const std::string sent(300'000, 'x');
    std::string got;
    start(loop.executor(), write_and_close(writer, sent), [](std::exception_ptr) {});
    run_to_end(loop, read_to_end(reader, got));
    EXPECT_EQ(got, sent);
}

TEST(Descriptor, TryWriteStopsWhenThePipeIsFull)
{
    Loop loop;
    Pipe pipe = make_pipe();
    Descriptor writer(loop.executor(), std::move(pipe.writer));
    const std::string piece(4096, 'x');
    std::size_t total = 0;
    while (const auto count = writer.try_write(piece)) total += count;
    EXPECT_GE(total, 4096u);
    EXPECT_EQ(writer.try_write(piece), 0u);
}

TEST(Descriptor, ALostReaderIsAnError)
{
    std::signal(SIGPIPE, SIG_IGN);
    Loop loop;
    Pipe pipe = make_pipe();
    Descriptor writer(loop.executor(), std::move(pipe.writer));
    pipe.reader.reset();
    EXPECT_THROW(writer.try_write("x"), std::system_error);
    const std::string text = "y";
    EXPECT_THROW(run_to_end(loop, write_and_close(writer, text)), std::system_error);
}

asio::awaitable<void> wait_for(int descriptor) { co_await readable(descriptor); }

TEST(Readable, LeavesTheDescriptorToItsOwner)
{
    Loop loop;
    const Pipe pipe = make_pipe();
    ASSERT_EQ(::write(pipe.writer.get(), "x", 1), 1);
    run_to_end(loop, wait_for(pipe.reader.get()));
    EXPECT_TRUE(grapnel::is_open(pipe.reader.get()));
}

asio::awaitable<void> wait_twice(Timer& timer, bool& first, bool& second)
{
    const auto soon = std::chrono::steady_clock::now() + std::chrono::milliseconds(5);
    first = co_await timer.wait_until(soon + std::chrono::hours(1));
    second = co_await timer.wait_until(soon);
}

TEST(Timer, KeepsACallForTheNextWait)
{
    Loop loop;
    Timer timer(loop.executor());
    timer.call();
    bool first = true, second = false;
    run_to_end(loop, wait_twice(timer, first, second));
    EXPECT_FALSE(first);
    EXPECT_TRUE(second);
}

asio::awaitable<void> one_signal(Signals& signals, int& number)
{
    number = co_await signals.next();
}

TEST(Signals, AreAwaited)
{
    Loop loop;
    Signals signals(loop.executor(), {SIGHUP, SIGALRM});
    ::raise(SIGALRM);
    int number = 0;
    run_to_end(loop, one_signal(signals, number));
    EXPECT_EQ(number, SIGALRM);
}

asio::awaitable<void> end_of(Child& child, Ending& ending) { ending = co_await ended(child); }

TEST(Child, ItsExitCodeIsAwaited)
{
    Loop loop;
    Child child = spawn({.path = "/bin/sh", .arguments = {"sh", "-c", "exit 7"}});
    Ending ending;
    run_to_end(loop, end_of(child, ending));
    EXPECT_FALSE(ending.crashed);
    EXPECT_EQ(ending.code, 7);
}

}
}
