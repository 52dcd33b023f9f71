// A client who is slow, silent, hostile or gone, to programs that wait for his lines.
#include "base/sys/dialogue.hpp"
#include "base/sys/fd.hpp"
#include "base/sys/file.hpp"

#include <gtest/gtest.h>

#include <sys/socket.h>

#include <array>
#include <atomic>
#include <chrono>
#include <thread>

using namespace grapnel;
using namespace std::chrono_literals;

namespace {

struct Pair {
    Pair()
    {
        std::array<int, 2> ends{};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
        client = Fd(ends[0]);
        server = Fd(ends[1]);
    }
    void send(std::string_view bytes) const { write_all(client.get(), bytes); }
    Fd client, server;
};

}

TEST(Dialogue, LinesEndInLfOrCrLf)
{
    Pair pair;
    Dialogue dialogue(pair.server.get(), pair.server.get(), 10s);
    pair.send("one\r\ntwo\nthree\r\r\n\n");
    EXPECT_EQ(dialogue.line(), "one");
    EXPECT_EQ(dialogue.line(), "two");
    EXPECT_EQ(dialogue.line(), "three\r");
    EXPECT_EQ(dialogue.line(), "");
    pair.send("cut");
    pair.client.reset();
    EXPECT_THROW(dialogue.line(), ClientGone);
}

TEST(Dialogue, ALongLineIsDroppedAndAFloodIsTheEnd)
{
    Pair pair;
    Dialogue dialogue(pair.server.get(), pair.server.get(), 10s);
    pair.send(std::string(Dialogue::longest_line, 'a') + '\n');
    EXPECT_EQ(dialogue.line()->size(), Dialogue::longest_line);
    pair.send(std::string(Dialogue::longest_line + 1, 'a') + "\nnext\n");
    EXPECT_FALSE(dialogue.line());
    EXPECT_EQ(dialogue.line(), "next");
    std::thread flood(
        [&] { pair.send(std::string(Dialogue::longest_flood + 2 * Dialogue::longest_line, 'a')); });
    EXPECT_THROW(dialogue.line(), ClientGone);
    flood.join();
}

TEST(Dialogue, WhatIsBehindTheLineIsLeftForOthers)
{
    Pair pair;
    Dialogue dialogue(pair.server.get(), pair.server.get(), 10s, Dialogue::Behind::leave);
    pair.send("mine\r\nyours\r\n");
    EXPECT_EQ(dialogue.line(), "mine");
    std::array<char, 32> rest{};
    const auto count = read_some(pair.server.get(), rest.data(), rest.size());
    EXPECT_EQ(std::string(rest.data(), count), "yours\r\n");
}

TEST(Dialogue, SilenceHasAnEndAlsoByteByByte)
{
    Pair pair;
    Dialogue dialogue(pair.server.get(), pair.server.get(), 1s);
    std::atomic<bool> over = false;
    std::thread drip([&] {
        while (!over) {
            pair.send("x");
            std::this_thread::sleep_for(50ms);
        }
    });
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_THROW(dialogue.line(), ClientGone);
    EXPECT_GE(std::chrono::steady_clock::now() - begin, 900ms);
    over = true;
    drip.join();
}

TEST(Dialogue, WhoDoesNotReadIsLeft)
{
    Pair pair;
    Dialogue dialogue(pair.server.get(), pair.server.get(), 1s);
    EXPECT_THROW(
        {
            for (int i = 0; i < 1000; ++i) dialogue.say(std::string(16384, 'x'));
        },
        ClientGone);
}

TEST(Dialogue, AnswersGoOutBeforeItWaitsAndTogetherWhereMoreIsHere)
{
    Pair pair;
    Dialogue dialogue(pair.server.get(), pair.server.get(), 10s);
    pair.send("a\nb\n");
    EXPECT_EQ(dialogue.line(), "a");
    dialogue.say("1");
    EXPECT_EQ(dialogue.line(), "b");
    dialogue.say("2");
    std::thread more([&] {
        std::array<char, 8> got{};
        EXPECT_EQ(read_some(pair.client.get(), got.data(), got.size()), 2u);
        pair.send("c\n");
    });
    EXPECT_EQ(dialogue.line(), "c");
    more.join();
}
