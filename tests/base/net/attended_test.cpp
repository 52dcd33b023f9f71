#include "base/net/attended.hpp"

#include "base/net/listener.hpp"
#include "base/net/loop.hpp"
#include "base/net/timer.hpp"

#include <gtest/gtest.h>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <functional>
#include <optional>

namespace grapnel::net {
namespace {

using namespace std::chrono_literals;

enum class End { none, worked, left, interrupted, other };

struct Scene {
    Loop loop;
    Fd client;
    std::optional<Stream> stream;
    Timer done{loop.executor()};
    bool taken_back = false;
    End end = End::none;
};

struct Noticed {
    bool& taken_back;
    bool finished = false;
    ~Noticed() { taken_back = !finished; }
};

asio::awaitable<void> work(Scene& scene)
{
    Noticed noticed{scene.taken_back};
    co_await scene.done.wait();
    noticed.finished = true;
}

asio::awaitable<void> attend(Scene& scene)
{
    try {
        co_await attended(*scene.stream, work(scene));
        scene.end = End::worked;
    } catch (const Interrupted&) {
        scene.end = End::interrupted;
    } catch (const std::system_error& error) {
        scene.end = error.code().value() == ECONNRESET ? End::left : End::other;
    }
    scene.loop.stop();
}

asio::awaitable<void> act(Scene& scene, const std::function<void(Scene&)>& action)
{
    co_await yield_turn();
    co_await yield_turn();
    action(scene);
}

void play(Scene& scene, const std::function<void(Scene&)>& action)
{
    start(scene.loop.executor(), attend(scene), [](std::exception_ptr) {});
    start(scene.loop.executor(), act(scene, action), [](std::exception_ptr) {});
    scene.loop.run();
}

void over_local_socket(Scene& scene)
{
    std::array<int, 2> pair{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()), 0);
    scene.client = Fd(pair[0]);
    scene.stream.emplace(scene.loop.executor(), Fd(pair[1]));
}

void over_tcp(Scene& scene)
{
    const Fd listener = open_listener({*IpAddress::parse("127.0.0.1"), 0});
    const auto address = to_socket_address(bound_to(listener.get()));
    scene.client = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::connect(scene.client.get(),
                        static_cast<const sockaddr*>(static_cast<const void*>(address.data())),
                        static_cast<socklen_t>(address.size())),
              0);
    pollfd waiting{listener.get(), POLLIN, 0};
    ASSERT_EQ(::poll(&waiting, 1, 10000), 1);
    scene.stream.emplace(scene.loop.executor(), Fd(::accept(listener.get(), nullptr, nullptr)));
}

TEST(Attended, WorkEndsAsIfNobodyWatched)
{
    Scene scene;
    over_local_socket(scene);
    play(scene, [](Scene& all) { all.done.call(); });
    EXPECT_EQ(scene.end, End::worked);
    EXPECT_FALSE(scene.taken_back);
}

TEST(Attended, WhoLeavesTakesTheWorkBack)
{
    for (const auto& open : {over_local_socket, over_tcp}) {
        Scene scene;
        open(scene);
        play(scene, [](Scene& all) {
            const linger at_once{1, 0};
            ::setsockopt(all.client.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
            all.client.reset();
        });
        EXPECT_EQ(scene.end, End::left);
        EXPECT_TRUE(scene.taken_back);
    }
}

TEST(Attended, WhoSendsOrSendsNoMoreIsStillThere)
{
    Scene scene;
    over_tcp(scene);
    play(scene, [](Scene& all) {
        ::send(all.client.get(), "x", 1, 0);
        ::send(all.client.get(), "!", 1, MSG_OOB);
        ::shutdown(all.client.get(), SHUT_WR);
        soon(all.loop.executor(),
             [&all] { soon(all.loop.executor(), [&all] { all.done.call(); }); });
    });
    EXPECT_EQ(scene.end, End::worked);
}

TEST(Attended, AnInterruptedStreamTakesItBackToo)
{
    Scene scene;
    over_local_socket(scene);
    play(scene, [](Scene& all) { all.stream->interrupt(); });
    EXPECT_EQ(scene.end, End::interrupted);
    EXPECT_TRUE(scene.taken_back);
}

TEST(Attended, AStreamOfTwoPipesEndsWithWhoReads)
{
    Scene scene;
    Pipe input = make_pipe(), output = make_pipe();
    scene.client = std::move(output.reader);
    input.writer.reset();   // he has said all he had to say
    scene.stream.emplace(scene.loop.executor(), std::move(input.reader), std::move(output.writer));
    play(scene, [](Scene& all) { all.client.reset(); });
    EXPECT_EQ(scene.end, End::left);
    EXPECT_TRUE(scene.taken_back);
}

}
}
