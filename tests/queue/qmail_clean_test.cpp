#include "support/process.hpp"
#include "support/temp_home.hpp"

#include "base/sys/file.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>

#include <ctime>
#include <filesystem>

using namespace grapnel;
using namespace grapnel::test;
using namespace std::string_literals;

namespace {

constexpr std::time_t hour = 3600;

void touch_access(const std::string& path, std::time_t age)
{
    const struct timespec times[2] = {{std::time(nullptr) - age, 0}, {0, UTIME_OMIT}};
    ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
}

Finished clean(const TempHome& home, const std::string& commands)
{
    return run({.argv = {home.program("qmail-clean")}, .environment = home.environment()},
               commands);
}

std::string answers(const TempHome& home, const std::string& commands)
{
    const auto result = clean(home, commands);
    EXPECT_TRUE(result == 0);
    EXPECT_EQ(result.errors, "");
    return result.output;
}

}

TEST(QmailClean, FoopRemovesIntdAndMess)
{
    const TempHome home;   // split 3
    for (const auto* name : {"intd/10", "mess/1/10", "todo/10", "mess/1/13"})
        home.write("queue/"s + name, "");
    EXPECT_EQ(answers(home, "foop/10\0"s), "+");
    EXPECT_EQ(home.queue_files(), (std::vector<std::string>{"mess/1/13", "todo/10"}));
}

TEST(QmailClean, TodoRemovesIntdAndTodo)
{
    const TempHome home;
    for (const auto* name : {"intd/10", "mess/1/10", "todo/10"}) home.write("queue/"s + name, "");
    EXPECT_EQ(answers(home, "todo/10\0"s), "+");
    EXPECT_EQ(home.queue_files(), std::vector<std::string>{"mess/1/10"});
}

TEST(QmailClean, WhatIsGoneIsFine)
{
    const TempHome home;
    EXPECT_EQ(answers(home, "foop/7\0todo/7\0foop/18446744073709551615\0"s), "+++");
}

TEST(QmailClean, TakesNothingButNumbers)
{
    const TempHome home;
    home.write("queue/todo/12", "");
    EXPECT_EQ(
        answers(home, "foop/\0todo/\0bar/12\0todo/x\0todo/12x\0todo/../todo/12\0todo/-1\0\0"s),
        "xxxxxxxx");
    EXPECT_EQ(answers(home, "todo12\0TODO/12\0info/12\0todo/ 12\0todo/18446744073709551616\0"s),
              "xxxxx");
    EXPECT_EQ(answers(home, "todo/" + std::string(200, '0') + "12\0"s + std::string(100000, 'x') +
                                "\0foop/3\0"s),
              "xx+");
    EXPECT_EQ(home.queue_files(), std::vector<std::string>{"todo/12"});
}

TEST(QmailClean, AnUnfinishedCommandIsNotObeyed)
{
    const TempHome home;
    home.write("queue/todo/12", "");
    EXPECT_EQ(answers(home, "todo/12"), "");
    EXPECT_EQ(home.queue_files(), std::vector<std::string>{"todo/12"});
}

TEST(QmailClean, SaysWhenAFileCannotBeRemoved)
{
    const TempHome home;
    std::filesystem::create_directory(home / "queue/intd/10");
    home.write("queue/mess/1/10", "");
    EXPECT_EQ(answers(home, "foop/10\0foop/11\0"s), "!+");
    EXPECT_EQ(home.queue_files(), std::vector<std::string>{"mess/1/10"});
}

TEST(QmailClean, CollectsPidFilesAfter36Hours)
{
    const TempHome home;
    home.write("queue/pid/1.old.1", "");
    home.write("queue/pid/2.young.1", "");
    touch_access(home / "queue/pid/1.old.1", 37 * hour);
    touch_access(home / "queue/pid/2.young.1", 35 * hour);
    EXPECT_EQ(answers(home, ""), "");
    EXPECT_EQ(home.queue_files(), std::vector<std::string>{"pid/2.young.1"});
}

TEST(QmailClean, CollectsAgainBeforeEvery31stCommand)
{
    const TempHome home;
    Process process({.argv = {home.program("qmail-clean")}, .environment = home.environment()});
    process.write("foop/1\0"s);
    ASSERT_TRUE(process.wait_for_output("+"));
    home.write("queue/pid/1.old.1", "");
    touch_access(home / "queue/pid/1.old.1", 37 * hour);
    std::string commands;
    for (int i = 0; i < 29; ++i) commands += "foop/1\0"s;
    process.write(commands);
    ASSERT_TRUE(process.wait_for_output(std::string(30, '+')));
    EXPECT_EQ(home.queue_files().size(), 1u);
    process.write("foop/1\0"s);
    ASSERT_TRUE(process.wait_for_output(std::string(31, '+')));
    process.wait();
    EXPECT_EQ(home.queue_files().size(), 0u);
}

TEST(QmailClean, ExitCodes)
{
    const TempHome home;
    const auto lost =
        run({.argv = {home.program("qmail-clean")}, .environment = {"QMAILHOME=/no/such/home"}});
    EXPECT_EQ(lost.ending.code, 111);
    const Fd nowhere = open_file("/dev/full", O_WRONLY);
    Process mute({.argv = {home.program("qmail-clean")},
                  .environment = home.environment(),
                  .descriptors = {{1, nowhere.get()}}});
    mute.write("foop/1\0"s);
    EXPECT_EQ(mute.wait()->code, 100);
}
