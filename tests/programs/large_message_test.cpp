// Messages beyond what 32 bits count, their header one line: sizes are added right, and memory does
// not grow with what a stranger sends. The file is sparse, and what is made of it goes nowhere.
#include "base/sys/file.hpp"
#include "base/sys/limits.hpp"
#include "pipeline.hpp"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>

namespace grapnel::test {

namespace {

constexpr off_t five_gigabytes = off_t{5} << 30;
constexpr milliseconds long_patience = std::chrono::minutes(5);

class LargeMessage : public Pipeline {
protected:
    std::string path = home / "message";

    void SetUp() override
    {
        spill(path, "Subject: long\nX: ");
        if (::truncate(path.c_str(), five_gigabytes) != 0) GTEST_SKIP() << "no sparse files here";
    }
    static bool long_tests() { return std::getenv("GRAPNEL_LONG_TESTS") != nullptr; }

    Finished feed(std::vector<std::string> argv, const std::vector<std::string>& variables) const
    {
        const Fd message = open_read(path);
        Process process({.argv = std::move(argv),
                         .environment = home.environment(variables),
                         .descriptors = {{0, message.get()}}});
        const auto ending = process.wait(long_patience);
        return {ending.value_or(Ending{true, -1}), process.output(), process.errors()};
    }
    // Takes a message and the envelope, and says how long the message was.
    std::string counting_queue() const
    {
        spill(home / "count", "#!/bin/sh\nwc -c > '" + (home / "size") + "'\ncat <&1 > /dev/null\n",
              0755);
        return "QMAILQUEUE=" + (home / "count");
    }
};

}

TEST_F(LargeMessage, AHeaderWithoutEndIsNotKeptInMemory)
{
    const auto result =
        feed({home.program("qmail-inject"), "joe@here.example"}, {counting_queue()});
    EXPECT_FALSE(result.ending.crashed);
    EXPECT_NE(result.ending.code, 0);
    EXPECT_EQ(result.errors.find("memory"), std::string::npos) << result.errors;
}

TEST_F(LargeMessage, IsReadAndForwardedWithinTheLimits)
{
    if (!long_tests()) GTEST_SKIP() << "takes a minute: GRAPNEL_LONG_TESTS";
    dot_qmail("|wc -c > size-here\n&joe@far.example\n");
    const auto result = feed({home.program("qmail-local"), "--", "joe", joe, "joe", "", "",
                              "here.example", "a@b.example", "./Mailbox"},
                             {counting_queue()});
    EXPECT_EQ(result.ending.code, 0) << result.errors;
    EXPECT_EQ(slurp(joe + "/size-here"), std::to_string(five_gigabytes) + '\n');
    const auto forwarded = std::atoll(slurp(home / "size").c_str());
    EXPECT_GT(forwarded, five_gigabytes);
    EXPECT_LT(forwarded, five_gigabytes + 1000);
}

TEST_F(LargeMessage, IsQueuedWithinTheLimits)
{
    if (!long_tests()) GTEST_SKIP() << "takes a minute: GRAPNEL_LONG_TESTS";
    // Most of its pieces are written nowhere: as many as strace can count, which is less than all.
    constexpr off_t piece = 65536, counted = 65534;
    static_assert(counted < five_gigabytes / piece);
    spill(home / "envelope", std::string("Fa@b.example\0Tjoe@here.example\0\0", 32));
    const Fd message = open_read(path), envelope = open_read(home / "envelope");
    Process process({.argv = {"strace", "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null", "-e",
                              "trace=write", "-e",
                              "inject=write:retval=" + std::to_string(piece) + ":when=1.." +
                                  std::to_string(counted),
                              home.program("qmail-queue")},
                     .environment = home.environment({"ASAN_OPTIONS=detect_leaks=0"}),
                     .descriptors = {{0, message.get()}, {1, envelope.get()}}});
    const auto ending = process.wait(long_patience);
    ASSERT_TRUE(ending);
    if (ending->code == 127) GTEST_SKIP() << "there is no strace";
    EXPECT_EQ(ending->code, 0) << process.errors();
    EXPECT_EQ(home.queue_files().size(), 3u);
}

}
