#include "base/net/connect.hpp"
#include "base/net/loop.hpp"
#include "base/net/stream.hpp"
#include "base/net/timer.hpp"
#include "base/net/within.hpp"

#include "base/sys/file.hpp"

#include <boost/asio/this_coro.hpp>
#include <gtest/gtest.h>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

namespace grapnel::net {
namespace {

using namespace std::chrono_literals;

std::array<Fd, 2> socket_pair()
{
    std::array<int, 2> pair{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()), 0);
    return {Fd(pair[0]), Fd(pair[1])};
}

asio::awaitable<void> two_lines(Fd ours)
{
    const auto executor = co_await asio::this_coro::executor;
    Stream stream(executor, std::move(ours));
    stream.expires_after(5s);
    const auto first = co_await stream.read_line(100);
    const auto second = co_await stream.read_line(100);
    EXPECT_EQ(first, "one");
    EXPECT_EQ(second, "two");
    EXPECT_TRUE(stream.input_waiting());
    const auto third = co_await stream.read_line(100);
    EXPECT_EQ(third, std::nullopt);
    EXPECT_FALSE(stream.input_waiting() && stream.buffered().empty());
}

asio::awaitable<void> pass_two(Fd ours, Fd theirs)
{
    const auto executor = co_await asio::this_coro::executor;
    Stream sender(executor, std::move(ours)), receiver(executor, std::move(theirs));
    receiver.accept_descriptors();
    const Pipe pipe = make_pipe();
    co_await sender.write_with("first", pipe.reader.get());
    co_await sender.write_with("second", -1);
    while (receiver.buffered().size() < 11) {
        const bool more = co_await receiver.fill();
        EXPECT_TRUE(more);
    }
    const auto came = receiver.take_descriptors();
    EXPECT_EQ(came.size(), 1u);
    write_all(pipe.writer.get(), "x");
    char byte = 0;
    EXPECT_EQ(::read(came.at(0).get(), &byte, 1), 1);
    EXPECT_TRUE(receiver.take_descriptors().empty());
    for (int n = 0; n < 6; ++n) co_await sender.write_with("y", pipe.reader.get());
    while (receiver.buffered().size() < 17) {
        const bool more = co_await receiver.fill();
        EXPECT_TRUE(more);
    }
    EXPECT_EQ(receiver.take_descriptors().size(), 4u);
}

TEST(Stream, DescriptorsComeBesideBytes)
{
    auto pair = socket_pair();
    run_until_done([&] { return pass_two(std::move(pair[0]), std::move(pair[1])); });
}

TEST(Stream, ReadsLinesWithEitherEnd)
{
    auto pair = socket_pair();
    write_all(pair[1].get(), "one\r\ntwo\nrest");
    pair[1].reset();
    run_until_done([&] { return two_lines(std::move(pair[0])); });
}

asio::awaitable<void> swallow(Stream& stream, std::size_t& total)
{
    for (bool more = true; more;) {
        more = co_await stream.fill();
        total += stream.buffered().size();
        stream.consume(stream.buffered().size());
    }
}

asio::awaitable<void> note_when_read(Stream& stream, const std::size_t& other, std::size_t& then)
{
    co_await stream.fill();
    then = other;
}

void rethrow(std::exception_ptr trouble)
{
    if (trouble) std::rethrow_exception(trouble);
}

TEST(Stream, WhoNeverLetsUsWaitLeavesOthersTheirTurn)
{
    constexpr std::size_t size = 1u << 20;
    char name[] = "/tmp/grapnel-stream-XXXXXX";
    Fd file(::mkstemp(name));
    ::unlink(name);
    write_all(file.get(), std::string(size, 'x'));
    ASSERT_EQ(::lseek(file.get(), 0, SEEK_SET), 0);
    auto pair = socket_pair();
    write_all(pair[1].get(), "y");
    Loop loop;
    Stream fast(loop.executor(), std::move(file), Fd()), slow(loop.executor(), std::move(pair[0]));
    std::size_t swallowed = 0, then = size;
    start(loop.executor(), swallow(fast, swallowed), rethrow);
    start(loop.executor(), note_when_read(slow, swallowed, then), rethrow);
    loop.run();
    EXPECT_EQ(swallowed, size);
    EXPECT_LE(then, 65536u);
}

asio::awaitable<void> half_lines(Fd first, Fd second)
{
    const auto executor = co_await asio::this_coro::executor;
    Stream one(executor, std::move(first)), two(executor, std::move(second));
    for (auto* stream : {&one, &two, &one}) {   // all read into the same room
        const bool more = co_await stream->fill();
        EXPECT_TRUE(more);
    }
    EXPECT_EQ(one.buffered(), "one half");
    EXPECT_EQ(two.buffered(), "two");
    one.consume(4);
    two.consume(3);
    EXPECT_EQ(one.buffered(), "half");
    EXPECT_EQ(two.buffered(), "");
}

asio::awaitable<void> write_behind(int descriptor, std::string_view text)
{
    co_await yield_turn();
    write_all(descriptor, text);
}

TEST(Stream, WhatOneHasNotConsumedTheOthersLeaveAlone)
{
    auto first = socket_pair(), second = socket_pair();
    write_all(first[1].get(), "one ");
    write_all(second[1].get(), "two");
    Loop loop;
    start(loop.executor(), half_lines(std::move(first[0]), std::move(second[0])), rethrow);
    start(loop.executor(), write_behind(first[1].get(), "half"), rethrow);
    loop.run();
}

asio::awaitable<void> nothing_comes(Fd ours)
{
    const auto executor = co_await asio::this_coro::executor;
    Stream stream(executor, std::move(ours));
    stream.expires_after(30s);
    stream.expires_after(20ms);   // earlier than what the timer sleeps for
    co_await stream.fill();
}

TEST(Stream, ADeadlineEndsAWait)
{
    auto pair = socket_pair();
    EXPECT_THROW(run_until_done([&] { return nothing_comes(std::move(pair[0])); }), TimedOut);
}

TEST(Stream, ADeadlineEndsAWaitOnAPipe)
{
    auto pipe = make_pipe();
    EXPECT_THROW(run_until_done([&] { return nothing_comes(std::move(pipe.reader)); }), TimedOut);
}

asio::awaitable<void> write_much(Fd ours)
{
    const auto executor = co_await asio::this_coro::executor;
    Stream stream(executor, Fd(), std::move(ours));
    const std::string much(10'000'000, 'x');
    stream.expires_after(20ms);
    co_await stream.write(much);
}

TEST(Stream, APeerWhoDoesNotReadIsTimedOut)
{
    auto pair = socket_pair();
    EXPECT_THROW(run_until_done([&] { return write_much(std::move(pair[0])); }), TimedOut);
    auto pipe = make_pipe();   // blocking, as one that was inherited
    EXPECT_THROW(run_until_done([&] { return write_much(std::move(pipe.writer)); }), TimedOut);
}

asio::awaitable<void> long_line(Fd ours)
{
    const auto executor = co_await asio::this_coro::executor;
    Stream stream(executor, std::move(ours));
    co_await stream.read_line(10);
}

TEST(Stream, ALineOverTheLimitIsRefused)
{
    auto pair = socket_pair();
    write_all(pair[1].get(), "12345678901\r\n");
    EXPECT_THROW(run_until_done([&] { return long_line(std::move(pair[0])); }), LineTooLong);
}

asio::awaitable<void> read_file_whole(Fd file, std::string& content)
{
    const auto executor = co_await asio::this_coro::executor;
    Stream stream(executor, std::move(file));
    for (bool more = true; more;) more = co_await stream.fill();
    content = stream.buffered();
    EXPECT_FALSE(Stream(executor, open_read("/dev/null")).input_waiting());
}

TEST(Stream, ARegularFileIsInputToo)
{
    char name[] = "/tmp/stream_test.XXXXXX";
    Fd file(::mkstemp(name));
    ::unlink(name);
    write_all(file.get(), std::string(100'000, 'q'));
    ::lseek(file.get(), 0, SEEK_SET);
    std::string content;
    run_until_done([&] { return read_file_whole(std::move(file), content); });
    EXPECT_EQ(content.size(), 100'000u);
}

asio::awaitable<void> interrupted_wait(Fd ours)
{
    const auto executor = co_await asio::this_coro::executor;
    Stream stream(executor, std::move(ours));
    stream.interrupt();
    EXPECT_TRUE(stream.interrupted());
    bool seen = false;
    try {
        co_await stream.fill();
    } catch (const Interrupted&) {
        seen = true;
    }
    EXPECT_TRUE(seen);
}

TEST(Stream, InterruptedIsAnException)
{
    auto pair = socket_pair();
    run_until_done([&] { return interrupted_wait(std::move(pair[0])); });
}

asio::awaitable<void> dial(Endpoint to)
{
    Stream stream = co_await connect(to, 5s);
    co_await stream.write("hello\n");
}

TEST(Connect, ReachesAListenerAndReportsARefusal)
{
    Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    Endpoint here{*IpAddress::parse("127.0.0.1"), 0};
    auto raw = to_socket_address(here);
    ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(raw.data()),
                     static_cast<socklen_t>(raw.size())),
              0);
    ASSERT_EQ(::listen(listener.get(), 5), 0);
    socklen_t size = static_cast<socklen_t>(raw.size());
    ASSERT_EQ(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(raw.data()), &size), 0);
    const auto bound = from_socket_address(reinterpret_cast<sockaddr*>(raw.data()));
    run_until_done([&] { return dial(*bound); });
    listener.reset();
    try {
        run_until_done([&] { return dial(*bound); });
        FAIL() << "nobody listens";
    } catch (const std::system_error& error) {
        EXPECT_EQ(error.code().value(), ECONNREFUSED);
    }
}

asio::awaitable<void> limited()
{
    auto nap = sleep_for(10s);
    co_await within(10ms, std::move(nap));
}

asio::awaitable<void> in_time()
{
    auto nap = sleep_for(1ms);
    co_await within(10s, std::move(nap));
}

asio::awaitable<void> nested()
{
    auto inner = limited();
    co_await within(10s, std::move(inner));
}

asio::awaitable<void> outer_first()
{
    auto nap = sleep_for(10s);
    auto inner = within(9s, std::move(nap));
    co_await within(10ms, std::move(inner));
}

TEST(Within, EndsWorkThatTakesTooLong)
{
    EXPECT_THROW(run_until_done(limited), TimedOut);
    EXPECT_NO_THROW(run_until_done(in_time));
    EXPECT_THROW(run_until_done(nested), TimedOut);
    EXPECT_THROW(run_until_done(outer_first), TimedOut);
}

TEST(IpAddress, ReadsAndWrites)
{
    EXPECT_EQ(IpAddress::parse("192.0.2.1")->text(), "192.0.2.1");
    EXPECT_EQ(IpAddress::parse("2001:DB8::1")->literal(), "[IPv6:2001:db8::1]");
    EXPECT_EQ(IpAddress::parse("::ffff:10.1.2.3")->text(), "10.1.2.3");
    for (const auto* wrong : {"", "1.2.3", "1.2.3.4.5", "256.1.1.1", "::g", "1.2.3.4 "})
        EXPECT_FALSE(IpAddress::parse(wrong)) << wrong;
    EXPECT_TRUE(IpPrefix::parse("10.0.0.0/8")->contains(*IpAddress::parse("10.9.9.9")));
    EXPECT_FALSE(IpPrefix::parse("10.0.0.0/8")->contains(*IpAddress::parse("11.9.9.9")));
    EXPECT_TRUE(IpPrefix::parse("2001:db8::/33")->contains(*IpAddress::parse("2001:db8:7fff::1")));
    EXPECT_FALSE(IpPrefix::parse("2001:db8::/33")->contains(*IpAddress::parse("2001:db8:8000::1")));
    EXPECT_FALSE(IpPrefix::parse("10.0.0.0/33"));
    EXPECT_TRUE(IpAddress::parse("127.3.3.3")->is_loopback());
    EXPECT_TRUE(IpAddress::parse("::1")->is_loopback());
}

}
}
