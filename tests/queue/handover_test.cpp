// qmail-queue beside qmail-queued as it is installed: with its setuid bit, and where that is not
// honoured.
#include "queue/queued_socket.hpp"
#include "queue/real_home.hpp"
#include "queue/submit.hpp"

#include "base/sys/file.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <memory>

using namespace grapnel;
using namespace grapnel::test;
using namespace std::string_literals;

namespace {

class HandoverTest : public ::testing::Test {
protected:
    void SetUp() override
    {
        if (const auto reason = RealHome::why_not(); !reason.empty()) GTEST_SKIP() << reason;
        real_.emplace();
        real_->install("sendmail");
        real_->install("qmail-inject");
        auto argv = real_->as("root");
        argv.push_back("bin/qmail-queued");
        queued_.emplace(
            Launch{.argv = argv, .environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}});
        ASSERT_TRUE(wait_until(
            [&] { return queue::connect_to_queued(home().path()) || !queued_->running(); }));
        ASSERT_TRUE(queued_->running()) << queued_->errors();
    }
    // Its caller may not gain privileges.
    Submitted as(const std::string& user, Injection injection = {})
    {
        injection.wrapper = real_->as(user);
        for (const auto* word : {"setpriv", "--no-new-privs"}) injection.wrapper.emplace_back(word);
        injection.real = true;
        return submit(real_->home(), injection);
    }
    // What sendmail did, in the same words.
    Submitted sendmail(std::vector<std::string> argv, std::vector<std::string> before = {})
    {
        argv.insert(argv.end(), before.begin(), before.end());
        for (const auto* word : {"bin/sendmail", "-f", "a@b.example", "c@d.example"})
            argv.emplace_back(word);
        Process process({.argv = argv, .environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}});
        process.write("Subject: x\n\nhi\n");
        const auto ending = process.wait();
        EXPECT_TRUE(ending && !ending->crashed);
        return {ending ? ending->code : -1, process.pid(), "", process.errors()};
    }
    // Runs as that user and holds so many connections until it goes.
    std::unique_ptr<Process> holding(const std::string& user, int count)
    {
        auto argv = real_->as(user);
        for (const std::string& word : {"python3"s, "-c"s,
                                        "import socket, sys\n"
                                        "held = [socket.socket(socket.AF_UNIX) for i in range("s +
                                            std::to_string(count) +
                                            ")]\n"
                                            "for s in held:\n"
                                            "    s.connect('run/queued')\n"
                                            "print('held', flush=True)\n"
                                            "sys.stdin.read()\n"})
            argv.push_back(word);
        auto process = std::make_unique<Process>(
            Launch{.argv = argv, .environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}});
        EXPECT_TRUE(process->wait_for_output("held\n")) << process->errors();
        return process;
    }
    // What qmail-queued says to the owner of the queue who would act for that user.
    std::string word_for(const std::string& user)
    {
        auto argv = real_->as("qmailq");
        for (const std::string& word : {"python3"s, "-c"s,
                                        "import socket\n"
                                        "s = socket.socket(socket.AF_UNIX)\n"
                                        "s.connect('run/queued')\n"
                                        "s.settimeout(60)\n"
                                        "s.sendall(b'S\\0\\0\\0\\x08' + (" +
                                            std::to_string(real_->uid(user)) +
                                            ").to_bytes(4, 'big') + bytes(4))\n"
                                            "print(s.recv(100)[:1])\n"})
            argv.push_back(word);
        return run({.argv = argv, .environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}}).output;
    }
    // Queued by that process for that user?
    void expect_queued(const std::string& user, pid_t pid)
    {
        const auto uid = std::to_string(real_->uid(user)), number = std::to_string(pid);
        EXPECT_EQ(queue_file(home(), "todo"),
                  "u" + uid + "\0p"s + number + "\0Fa@b.example\0Tc@d.example\0"s);
        EXPECT_TRUE(
            queue_file(home(), "mess")
                .starts_with("Received: (qmail " + number + " invoked by uid " + uid + "); "));
    }
    Submitted as_owner_for(const std::string& user, Injection injection = {})
    {
        injection.wrapper = real_->as(user);
        injection.real = true;
        return submit(real_->home(), injection);
    }
    const TempHome& home() { return real_->home(); }
    std::optional<RealHome> real_;
    std::optional<Process> queued_;
};

}

TEST_F(HandoverTest, QmailQueuedTakesTheMessageAndSaysWhoseItIs)
{
    const auto done = as("joe", {.envelope = "Fa@b\0Tc@d\0\0ret=HDRS\0001:notify=DELAY\0"s});
    EXPECT_EQ(done.code, 91) << "recipient 1 is not there";
    const auto good = as("joe", {.envelope = "Fa@b\0Tc@d\0\0ret=HDRS\0000:notify=DELAY\0"s});
    EXPECT_EQ(good.code, 0) << good.response;
    EXPECT_EQ(good.response, "");
    const auto uid = std::to_string(real_->uid("joe"));
    const auto pid = std::to_string(queued_->pid());
    EXPECT_EQ(queue_file(home(), "todo"), "u" + uid + "\0p"s + pid + "\0p"s + pid +
                                              " ret=HDRS\0Fa@b\0Tc@d\0p"s + pid +
                                              " notify=DELAY\0"s);
    EXPECT_TRUE(queue_file(home(), "mess")
                    .starts_with("Received: (qmail " + pid + " invoked by uid " + uid + "); "));
    const auto about = *status_if_there(home() / ("queue/" + only_file(home(), "todo")));
    EXPECT_EQ(about.st_uid, real_->uid("qmailq"));
    EXPECT_EQ(about.st_mode, S_IFREG | 0644u);
}

TEST_F(HandoverTest, TheOwnerOfTheQueueHandsOverInTheNameOfHisCaller)
{
    const auto done = as_owner_for("joe", {.envelope = "Fa@b\0Tc@d\0\0ret=HDRS\0"s});
    EXPECT_EQ(done.code, 0) << done.response;
    const auto uid = std::to_string(real_->uid("joe")), pid = std::to_string(done.pid);
    EXPECT_EQ(queue_file(home(), "todo"),
              "u" + uid + "\0p"s + pid + "\0p"s + pid + " ret=HDRS\0Fa@b\0Tc@d\0"s);
    EXPECT_TRUE(queue_file(home(), "mess")
                    .starts_with("Received: (qmail " + pid + " invoked by uid " + uid + "); "));
}

TEST_F(HandoverTest, TheOwnerWritesHimselfWhereThereIsNoAnswer)
{
    queued_->kill(SIGSTOP);
    EXPECT_EQ(as_owner_for("joe").code, 0);
    EXPECT_NE(queue_file(home(), "todo"), "");
    queued_->kill(SIGCONT);
}

TEST_F(HandoverTest, NobodyElseSpeaksForOthers)
{
    auto argv = real_->as("joe");
    for (const std::string word : {"python3", "-c",
                                   "import socket\n"
                                   "s = socket.socket(socket.AF_UNIX)\n"
                                   "s.connect('run/queued')\n"
                                   "s.settimeout(20)\n"
                                   "s.sendall(b'S\\0\\0\\0\\x08' + bytes(8))\n"
                                   "print(len(s.recv(100)))\n"})
        argv.push_back(word);
    const auto done = run({.argv = argv, .environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}});
    EXPECT_EQ(done.output, "0\n") << done.errors;
}

TEST_F(HandoverTest, OnlyQmaildIsBelievedAboutReceived)
{
    EXPECT_EQ(as("qmaild", {.envelope = "Fa\0Tb\0\0received=1\0"s}).code, 0);
    EXPECT_EQ(queue_file(home(), "mess"), "Subject: x\n\nhi\n");
}

TEST_F(HandoverTest, RefusalsComeBackWithCodeAndText)
{
    for (const auto& envelope :
         {"Fa@x\0Tb@"s, "Tb\0\0"s, "Fa\0T" + std::string(1004, 'x') + "\0\0"s}) {
        const TempHome other;
        const auto plain = submit(other, {.envelope = envelope});
        const auto handed = as("joe", {.envelope = envelope});
        EXPECT_EQ(handed.code, plain.code);
        EXPECT_EQ(handed.response, plain.response);
        EXPECT_EQ(home().queue_files(), std::vector<std::string>{});
    }
}

TEST_F(HandoverTest, LargeMessagesPassThrough)
{
    std::string message;
    for (int i = 0; i < 200000; ++i) message += "line " + std::to_string(i) + '\n';
    EXPECT_EQ(as("joe", {.message = message}).code, 0);
    EXPECT_TRUE(queue_file(home(), "mess").ends_with('\n' + message.substr(7)));
}

TEST_F(HandoverTest, AnEnvelopeThatStaysOpenIsNotWaitedForForEver)
{
    EXPECT_EQ(as("joe", {.envelope = "Fa\0Tb\0\0ret=HDRS\0\0"s, .stays_open = true}).code, 0);
}

TEST_F(HandoverTest, OneUserHoldsFiftyConnectionsAtMost)
{
    auto argv = real_->as("joe");
    for (const std::string word : {"python3", "-c",
                                   "import socket\n"
                                   "held = []\n"
                                   "for i in range(51):\n"
                                   "    s = socket.socket(socket.AF_UNIX)\n"
                                   "    s.connect('run/queued')\n"
                                   "    s.settimeout(20)\n"
                                   "    held.append(s)\n"
                                   "print(held[50].recv(100)[5])\n"
                                   "held[0].sendall(b'C\\0\\0\\0\\0')\n"
                                   "print(held[0].recv(100)[5])\n"})
        argv.push_back(word);
    const auto done = run({.argv = argv, .environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}});
    EXPECT_EQ(done.output, "71\n54\n") << done.errors;
    EXPECT_EQ(as("joe").code, 0);
}

TEST_F(HandoverTest, WithoutQmailQueuedItSaysWhatIsWrong)
{
    queued_->kill(SIGTERM);
    ASSERT_TRUE(queued_->wait());
    const auto lost = as("joe");
    EXPECT_EQ(lost.code, 62);
    EXPECT_EQ(lost.response, "Zqmail-queue does not run as the owner of the queue: its setuid bit "
                             "is lost or not honoured (#4.3.5)");
}

// Who would start qmail-queue, here sendmail, asks qmail-queued first.

TEST_F(HandoverTest, SendmailNeedsNoOtherProgram)
{
    const auto done = sendmail(real_->as("joe"));
    EXPECT_EQ(done.code, 0) << done.printed;
    expect_queued("joe", done.pid);
}

TEST_F(HandoverTest, AnotherQmailQueueIsStarted)
{
    const auto program = home().program("qmail-queue");
    std::filesystem::rename(program, program + ".ours");
    spill(program, "#!/bin/sh\nexit 31\n", 0755);
    const auto refused = sendmail(real_->as("joe"));
    EXPECT_EQ(refused.code, 100);
    EXPECT_EQ(refused.printed,
              "qmail-inject: fatal: mail server permanently rejected message (#5.3.0)\n");
    std::filesystem::remove(program);
    const auto missing = sendmail(real_->as("joe"));
    EXPECT_EQ(missing.code, 111);
    EXPECT_EQ(missing.printed, "qmail-inject: fatal: unable to exec qq (#4.3.0)\n");
    EXPECT_EQ(home().queue_files(), std::vector<std::string>{});
    std::filesystem::rename(program + ".ours", program);
    EXPECT_EQ(sendmail(real_->as("joe")).code, 0);
    EXPECT_NE(queue_file(home(), "todo"), "");
}

TEST_F(HandoverTest, TheMessageIsTheRealUsers)
{
    const auto uid = std::to_string(real_->uid("joe"));
    const auto done = sendmail(real_->as("root"), {"python3", "-c",
                                                   "import os, sys\n"
                                                   "os.setresuid(" +
                                                       uid +
                                                       ", 0, 0)\n"
                                                       "os.execv(sys.argv[1], sys.argv[1:])\n"});
    EXPECT_EQ(done.code, 0) << done.printed;
    EXPECT_TRUE(queue_file(home(), "todo").starts_with("u" + uid + "\0p"s));
}

TEST_F(HandoverTest, WhoHasHisShareStartsQmailQueue)
{
    const auto held = holding("joe", 50);
    EXPECT_EQ(word_for("joe"), "b''\n") << "in whose name it is said makes no difference";
    EXPECT_EQ(word_for("alias"), "b'G'\n");
    const auto done = sendmail(real_->as("joe"));
    EXPECT_EQ(done.code, 0) << done.printed;
    const auto pid = "\0p"s + std::to_string(done.pid) + '\0';
    EXPECT_EQ(queue_file(home(), "todo").find(pid), std::string::npos);
}
