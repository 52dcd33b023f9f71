// qmail-start, splogger: the built programs.
#include "support/process.hpp"
#include "support/temp_home.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace grapnel::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// A program that notes its arguments and which descriptors it has.
std::string noting(const TempHome& home, const std::string& name)
{
    const std::string note = home / (name + ".note");
    return "#!/bin/sh\nwords=\"" + name +
           " $*\"\nkinds=$(for n in 0 1 2 3 4 5 6 9; do echo \"$n $(readlink /proc/" +
           "$$/fd/$n)\"; done)\necho \"$words\n$kinds\" | sed 's/pipe:.*/pipe[]/' >" + note +
           ".new\nmv " + note + ".new " + note + "\n";
}

struct QmailStart : testing::Test {
    TempHome home;
    QmailStart()
    {
        for (const std::string name :
             {"qmail-send", "qmail-lspawn", "qmail-rspawn", "qmail-clean", "logger"}) {
            fs::remove(home.program(name));
            home.write("bin/" + name, noting(home, name), 0755);
        }
    }
    Finished start(std::vector<std::string> arguments)
    {
        arguments.insert(arguments.begin(), home.program("qmail-start"));
        return run({.argv = arguments, .environment = home.environment()});
    }
    std::string note(const std::string& name)
    {
        wait_until([&] { return !home.read(name + ".note").empty(); });
        return home.read(name + ".note");
    }
};

// A log or a terminal of whoever started us is not for the programs of users.
TEST_F(QmailStart, HandsNoOtherDescriptorOn)
{
    const auto shell = run(
        {.argv = {"/bin/sh", "-c", "exec 9</etc/passwd; exec \"$0\"", home.program("qmail-start")},
         .environment = home.environment()});
    EXPECT_EQ(shell.ending.code, 0);
    for (const std::string name : {"qmail-send", "qmail-lspawn", "qmail-rspawn", "qmail-clean"})
        EXPECT_THAT(note(name), HasSubstr("\n9 \n"));
}

TEST_F(QmailStart, JoinsItsDaemonsByPipes)
{
    EXPECT_EQ(start({}).ending.code, 0);
    EXPECT_THAT(note("qmail-send"),
                HasSubstr("qmail-send \n0 pipe[]\n1 pipe[]\n2 pipe[]\n3 pipe[]\n"
                          "4 pipe[]\n5 pipe[]\n6 pipe[]\n"));
    EXPECT_EQ(note("qmail-lspawn").substr(0, note("qmail-lspawn").find('\n')),
              "qmail-lspawn ./Mailbox");
    EXPECT_THAT(note("qmail-rspawn"),
                HasSubstr("qmail-rspawn \n0 pipe[]\n1 pipe[]\n2 /dev/null\n"));
    EXPECT_THAT(note("qmail-clean"), HasSubstr("qmail-clean \n0 pipe[]\n1 pipe[]\n2 /dev/null\n"));
}

TEST_F(QmailStart, GivesTheLoggerThePipe)
{
    EXPECT_EQ(start({"./Maildir/", "logger", "a", "b"}).ending.code, 0);
    EXPECT_THAT(note("logger"), HasSubstr("logger a b\n0 pipe[]\n1 pipe[]\n2 /dev/null\n"));
    EXPECT_THAT(note("qmail-lspawn"), HasSubstr("qmail-lspawn ./Maildir/\n"));
    EXPECT_THAT(note("qmail-send"), HasSubstr("0 pipe[]\n"));
}

}
}
