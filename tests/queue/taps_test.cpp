// control/taps: who gets copies, and what qmail-queue and qmail-queued make of it.
#include "queue/queued_lab.hpp"
#include "queue/submit.hpp"
#include "queue/taps.hpp"

#include <gtest/gtest.h>

using namespace grapnel;
using namespace grapnel::queue;
using namespace grapnel::test;
using namespace std::string_literals;

namespace {

std::string copied_to(const std::vector<std::string>& lines, char letter,
                      const std::string& address)
{
    const auto taps = Taps::parse(lines);
    const auto* found = taps.find(letter, address);
    return found ? *found : "";
}

// From the F record on, without extension records.
std::string addresses(const TempHome& home)
{
    const auto todo = queue_file(home, "todo");
    return todo.substr(todo.find("\0F"s) + 1);
}

}

TEST(Taps, TheFirstLineThatFitsCounts)
{
    const std::vector<std::string> lines{"# none",
                                         "F:@bad[",
                                         "T:no-address:",
                                         "X:.*:x@x.example",
                                         "F:^boss@:one@archive.example",
                                         "T:@client\\.example$:two@archive.example",
                                         "A:secret:three@archive.example"};
    EXPECT_EQ(copied_to(lines, 'F', "BOSS@here.example"), "one@archive.example");
    EXPECT_EQ(copied_to(lines, 'T', "boss@here.example"), "");
    EXPECT_EQ(copied_to(lines, 'T', "a@client.example"), "two@archive.example");
    EXPECT_EQ(copied_to(lines, 'T', "secret@client.example"), "two@archive.example");
    EXPECT_EQ(copied_to(lines, 'F', "top-secret@x.example"), "three@archive.example");
    EXPECT_EQ(copied_to({"T:!@here\\.example$:out@archive.example"}, 'T', "a@far.example"),
              "out@archive.example");
    EXPECT_EQ(copied_to({"T:!@here\\.example$:out@archive.example"}, 'T', "a@here.example"), "");
    EXPECT_EQ(copied_to({"F:.*:all@archive.example"}, 'F', ""), "all@archive.example");
}

TEST(Taps, QmailQueueAddsOneRecipientBehindAllOthers)
{
    const TempHome home;
    home.control("taps", "T:^b@:copy@archive.example\nA:.*:other@archive.example");
    EXPECT_EQ(submit(home, {.envelope = "Fa@x\0Tb@y\0Tc@y\0\0"s}).code, 0);
    EXPECT_EQ(addresses(home), "Fa@x\0Tb@y\0Tc@y\0Tother@archive.example\0"s);
}

TEST(Taps, RecordsOfRecipientsStayWithThem)
{
    const TempHome home;
    home.control("taps", "T:^b@:copy@archive.example");
    EXPECT_EQ(submit(home, {.envelope = "Fa@x\0Tb@y\0Tc@y\0\0id=1\0"s + "1:notify=DELAY\0"s}).code,
              0);
    const auto todo = queue_file(home, "todo");
    EXPECT_NE(todo.find(" notify=DELAY\0Tcopy@archive.example\0"s), std::string::npos) << todo;
    const TempHome other;
    other.control("taps", "T:^b@:copy@archive.example");
    EXPECT_EQ(submit(other, {.envelope = "Fa@x\0Tb@y\0\0"s + "1:notify=DELAY\0"s}).code, 91);
}

TEST(Taps, AFileThatCannotBeReadStopsMail)
{
    const TempHome home;
    ASSERT_EQ(::mkdir((home / "control/taps").c_str(), 0755), 0);
    EXPECT_EQ(submit(home, {}).code, 55);
    EXPECT_EQ(home.queue_files(), std::vector<std::string>{});
    QueuedLab lab;
    ASSERT_EQ(::mkdir((lab.home / "control/taps").c_str(), 0755), 0);
    const auto answer = QueuedClient(lab.home).submit("x\n", "Fa@x\0Tb@y\0\0"s);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->exit_code, 55);
}

TEST(Taps, QmailQueuedSeesThatTheFileHasChanged)
{
    QueuedLab lab;
    QueuedClient client(lab.home);
    const auto recipients = [&] {
        const auto answer = client.submit("x\n", "Fa@x\0Tb@y\0\0"s);
        EXPECT_TRUE(answer && answer->exit_code == 0);
        const auto result = addresses(lab.home);
        for (const auto& file : lab.home.queue_files())
            ::unlink((lab.home / ("queue/" + file)).c_str());
        return result;
    };
    EXPECT_EQ(recipients(), "Fa@x\0Tb@y\0"s);
    lab.home.control("taps", "A:^b@:copy@archive.example");
    EXPECT_EQ(recipients(), "Fa@x\0Tb@y\0Tcopy@archive.example\0"s);
    lab.home.control("taps", "A:^nobody@:other@archive.example");
    EXPECT_EQ(recipients(), "Fa@x\0Tb@y\0"s);
    lab.home.no_control("taps");
    EXPECT_EQ(recipients(), "Fa@x\0Tb@y\0"s);
}
