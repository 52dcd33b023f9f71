// qmail-qread and qmail-qstat: their output is read by scripts.
#include "support/process.hpp"
#include "support/temp_home.hpp"

#include "base/sys/file.hpp"

#include <gtest/gtest.h>

#include <filesystem>

using namespace grapnel;
using namespace grapnel::test;
using namespace std::string_literals;

namespace {

std::string printed(const TempHome& home, const std::string& program, int code = 0)
{
    const auto result = run({.argv = {home.program(program)}, .environment = home.environment()});
    EXPECT_EQ(result.ending.code, code);
    return result.output;
}

}

TEST(QmailQread, PrintsMessagesAndRecipients)
{
    const TempHome home;
    home.write("queue/mess/1/10", "0123456789");
    home.write("queue/info/1/10", "Fa@b.example\0id=1\0"s);
    set_times(home / "queue/info/1/10", 1000000000);
    home.write("queue/local/1/10", "Tv-joe@here\0Dj\xc3\xb6@here\0Tcut"s);
    home.write("queue/remote/1/10", "Tx@far\0?what\0Ty@far\0"s);
    home.write("queue/bounce/10", "x");
    home.write("queue/info/1/name", "Fno@number\0"s);
    EXPECT_EQ(printed(home, "qmail-qread"),
              "9 Sep 2001 01:46:40 GMT  #10  10  <a@b.example>  bouncing\n"
              "\tlocal\tv-joe@here\n"
              "  done\tlocal\tj__@here\n"
              "\tremote\tx@far\n"
              "\tremote\ty@far\n");
}

TEST(QmailQread, EmptySenderAndEmptyQueue)
{
    const TempHome home;
    EXPECT_EQ(printed(home, "qmail-qread"), "");
    home.write("queue/mess/0/3", "");
    home.write("queue/info/0/3", "F\0"s);
    set_times(home / "queue/info/0/3", 0);
    EXPECT_EQ(printed(home, "qmail-qread"), "1 Jan 1970 00:00:00 GMT  #3  0  <> \n");
}

TEST(QmailQread, TroubleWithOneMessageIsToldAndTheRestShown)
{
    const TempHome home;
    home.write("queue/info/1/1", "Fa@b\0"s);
    home.write("queue/mess/2/2", "x");
    home.write("queue/info/2/2", "Fc@d\0"s);
    set_times(home / "queue/info/2/2", 0);
    EXPECT_EQ(printed(home, "qmail-qread"), "warning: trouble with #1: file does not exist\n"
                                            "1 Jan 1970 00:00:00 GMT  #2  1  <c@d> \n");
}

TEST(QmailQread, FatalOnes)
{
    const TempHome home;
    std::filesystem::remove(home / "queue/info/2");
    EXPECT_EQ(printed(home, "qmail-qread", 111),
              "fatal: unable to opendir info/2: file does not exist\n");
    std::filesystem::rename(home / "queue", home / "away");
    EXPECT_EQ(printed(home, "qmail-qread", 111), "fatal: unable to chdir: file does not exist\n");
}

TEST(QmailQstat, CountsEveryRegularFile)
{
    const TempHome home;
    const auto counted = [&](int queued, int unprocessed) {
        return "messages in queue: " + std::to_string(queued) +
               "\nmessages in queue but not yet preprocessed: " + std::to_string(unprocessed) +
               '\n';
    };
    EXPECT_EQ(printed(home, "qmail-qstat"), counted(0, 0));
    for (const auto* name : {"mess/0/3", "mess/1/4", "mess/1/odd", "mess/1/.hidden", "mess/flat",
                             "todo/3", "todo/.hidden", "mess/.top", "info/0/3"})
        home.write("queue/"s + name, "");
    std::filesystem::create_symlink("nowhere", home / "queue/mess/1/link");
    EXPECT_EQ(printed(home, "qmail-qstat"), counted(5, 2));
    std::filesystem::remove_all(home / "queue/todo");
    EXPECT_EQ(printed(home, "qmail-qstat", 111), counted(5, 0));
}
