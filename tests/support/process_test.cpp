#include "support/process.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <iostream>

using namespace grapnel;
using namespace grapnel::test;

TEST(Process, IsFedReadAndWaitedFor)
{
    const auto finished = run({.argv = {"/bin/sh", "-c", "cat; echo $WORD >&2; exit 3"},
                               .environment = {"WORD=hi", "PATH=/bin"}},
                              "text");
    EXPECT_EQ(finished.ending.code, 3);
    EXPECT_EQ(finished.output, "text");
    EXPECT_EQ(finished.errors, "hi\n");
}

TEST(Process, TakesMoreThanAPipeHolds)
{
    const std::string much(1 << 20, 'x');
    EXPECT_EQ(run({.argv = {"/bin/cat"}}, much).output, much);
}

TEST(Process, IsEndedAfterTheLimit)
{
    EXPECT_EQ(run({.argv = {"/bin/sleep", "100"}}, "", milliseconds(50)).ending.code, -1);
}

TEST(Process, OutputIsWaitedFor)
{
    Process process({.argv = {"/bin/cat"}});
    process.write("one\n");
    EXPECT_TRUE(process.wait_for_output("one\n"));
    EXPECT_FALSE(process.wait_for_output("two", milliseconds(20)));
    EXPECT_TRUE(process.running());
    EXPECT_TRUE(process.wait()->success());
}

TEST(Process, ItsGroupEndsWithIt)
{
    pid_t child = 0;
    {
        Process process({.argv = {"/bin/sh", "-c", "sleep 100 & echo $!; wait"},
                         .environment = {"PATH=/bin"},
                         .own_group = true});
        ASSERT_TRUE(process.wait_for_output("\n"));
        child = std::stoi(process.output());
    }
    // Gone, or a zombie that init has not yet reaped.
    EXPECT_TRUE(wait_until([&] {
        return ::kill(child, 0) != 0 ||
               run({.argv = {"/bin/grep", "-q", "State:.Z",
                             "/proc/" + std::to_string(child) + "/status"}}) == 0;
    }));
}

TEST(Process, AreFoundByTheirEnvironment)
{
    const Process process(
        {.argv = {"/bin/sleep", "100"}, .environment = {"A=b", "MARK=here-it-is"}});
    EXPECT_TRUE(wait_until([&] { return processes_with("MARK=here-it-is").size() == 1; }));
    EXPECT_EQ(processes_with("MARK=here-it-is")[0].pid, process.pid());
    EXPECT_EQ(processes_with("MARK=here-it-is")[0].name, "sleep");
}

// This very test, in another process, leaves a child of a child behind, and is killed.
TEST(Guard, EndsWhatATestThatDiesLeavesBehind)
{
    if (std::getenv("LEAVE_A_CHILD")) {
        Process left({.argv = {"/usr/bin/setsid", "/bin/sh", "-c", "sleep 1000 & echo $!; wait"},
                      .environment = {"PATH=/bin"}});
        left.wait_for_output("\n");
        std::cout << "left: " << left.output() << std::flush;
        std::raise(SIGKILL);
    }
    const auto finished = run({.argv = {"/proc/self/exe", "--gtest_filter=Guard.*"},
                               .environment = {"LEAVE_A_CHILD=", "ASAN_OPTIONS=detect_leaks=0"}});
    EXPECT_TRUE(finished.ending.crashed);
    EXPECT_EQ(finished.ending.code, SIGKILL);
    const auto at = finished.output.find("left: ");
    ASSERT_NE(at, std::string::npos) << finished.output;
    const auto child = static_cast<pid_t>(std::stol(finished.output.substr(at + 6)));
    EXPECT_NE(::kill(child, 0), 0);
    EXPECT_EQ(errno, ESRCH);
}
