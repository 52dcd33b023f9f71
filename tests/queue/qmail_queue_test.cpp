// qmail-queue as a submitter sees it, in a sandbox.
#include "queue/submit.hpp"
#include "support/recorded.hpp"

#include "base/sys/error.hpp"
#include "base/sys/file.hpp"
#include "queue/records.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>

using namespace grapnel;
using namespace grapnel::test;
using namespace std::string_literals;
namespace fs = std::filesystem;

namespace {

std::string dated(const std::string& text) { return with_placeholders(text); }

std::vector<std::string> names_in(const TempHome& home, const std::string& folder)
{
    auto names = list_directory(home / ("queue/" + folder));
    std::sort(names.begin(), names.end());
    return names;
}

// Exit code and response, and nothing may be left.
void expect_refused(const TempHome& home, const Injection& injection, int code,
                    const std::string& response)
{
    const auto result = submit(home, injection);
    EXPECT_EQ(result.code, code);
    EXPECT_EQ(result.response, response);
    EXPECT_EQ(result.printed, "");
    EXPECT_EQ(home.queue_files(), std::vector<std::string>{});
}

// Starts qmail-queue, gives it the message, and waits until it has made mess/N.
class Waiting {
public:
    Waiting()
        : process_({.argv = {home.program("qmail-queue")},
                    .environment = home.environment(),
                    .descriptors = {{0, message_.reader.get()}, {1, envelope_.reader.get()}}})
    {
        message_.reader.reset();
        envelope_.reader.reset();
        write_all(message_.writer.get(), "Subject: x\n\n");
        EXPECT_TRUE(wait_until([&] { return queue_file(home, "mess").ends_with("x\n\n"); }));
    }
    void kill(int signal) { process_.kill(signal); }
    int finish()
    {
        message_.writer.reset();
        write_all(envelope_.writer.get(), "Fa\0Tb\0\0"s);
        envelope_.writer.reset();
        return wait();
    }
    int wait()
    {
        const auto ending = process_.wait();
        return !ending ? -1 : ending->crashed ? -ending->code : ending->code;
    }

    TempHome home;

private:
    Pipe message_ = make_pipe(), envelope_ = make_pipe();
    Process process_;
};

}

TEST(QmailQueue, QueuesAMessage)
{
    const TempHome home;
    const Fd trigger = open_file(home / "queue/lock/trigger", O_RDWR | O_NONBLOCK);
    const auto result = submit(home, {});
    EXPECT_EQ(result.code, 0);
    EXPECT_EQ(result.response, "");
    EXPECT_EQ(dated(queue_file(home, "mess")), received_by_us(result.pid) + "Subject: x\n\nhi\n");
    EXPECT_EQ(queue_file(home, "todo"), "u" + std::to_string(::getuid()) + "\0p"s +
                                            std::to_string(result.pid) + "\0Fa@x\0Tb@y\0"s);

    const auto number = only_file(home, "todo").substr(5);
    const auto mess = *status_if_there(home / ("queue/" + only_file(home, "mess")));
    EXPECT_EQ(std::to_string(mess.st_ino), number);
    EXPECT_EQ(mess.st_mode, S_IFREG | 0644u);
    EXPECT_EQ(mess.st_nlink, 1u);
    EXPECT_TRUE(fs::equivalent(home / ("queue/todo/" + number), home / ("queue/intd/" + number)));
    EXPECT_EQ(home.queue_files().size(), 3u);
    char pulled[2];
    EXPECT_EQ(::read(trigger.get(), pulled, sizeof pulled), 1);
}

TEST(QmailQueue, StoresExtensionRecords)
{
    const TempHome home;
    const auto result =
        submit(home, {.envelope = "Fa@b\0Tc@d\0Te@f\0\0id=1\0unknown.example=%20\0"s +
                                  "1:notify=DELAY\0"s});
    EXPECT_EQ(result.code, 0);
    const auto pid = 'p' + std::to_string(result.pid);
    EXPECT_EQ(queue_file(home, "todo"), "u" + std::to_string(::getuid()) + '\0' + pid + '\0' + pid +
                                            " id=1 unknown.example=%20\0Fa@b\0Tc@d\0Te@f\0"s + pid +
                                            " notify=DELAY\0"s);
}

TEST(QmailQueue, ItsLineComesOnTopOfAnySizeUnlessReceivedIsSaid)
{
    for (const std::size_t size : {0u, 1u, 40u, 65535u, 65536u, 65537u, 1000000u}) {
        std::string message(size, 'x');
        for (std::size_t i = 0; i < size; ++i) message[i] = static_cast<char>(i % 251);
        const TempHome home, told;
        const auto result = submit(home, {.message = message});
        EXPECT_EQ(result.code, 0);
        const auto mess = queue_file(home, "mess");
        const auto line = mess.find('\n') + 1;
        EXPECT_EQ(dated(mess.substr(0, line)), received_by_us(result.pid));
        EXPECT_TRUE(mess.substr(line) == message) << size;

        const auto said = submit(told, {.message = message, .envelope = "Fa\0\0received=1\0"s});
        EXPECT_EQ(said.code, 0);
        EXPECT_TRUE(queue_file(told, "mess") == message) << size;
        EXPECT_NE(queue_file(told, "todo").find(" received=1"), std::string::npos);
    }
}

TEST(QmailQueue, HeldMailGoesToTheQuarantine)
{
    const auto id = "019ac3f2-6f00-7b1e-8c3d-0a1b2c3d4e5f"s;
    const TempHome home;
    const Fd trigger = open_file(home / "queue/lock/trigger", O_RDWR | O_NONBLOCK);
    const auto result =
        submit(home, {.envelope = "Fa\0Tb\0\0id="s + id + "\0held=scan/why\0received=1\0"s});
    EXPECT_EQ(result.code, 0);
    EXPECT_EQ(home.queue_files(), std::vector<std::string>{});
    EXPECT_EQ(names_in(home, "quarantine"), (std::vector{id + ".env", id + ".mess"}));
    EXPECT_EQ(home.read("queue/quarantine/" + id + ".mess"), "Subject: x\n\nhi\n");
    const auto envelope = queue::decode_todo(home.read("queue/quarantine/" + id + ".env"));
    EXPECT_EQ(*envelope->extensions.message.find("held"), "scan/why");
    char pulled;
    EXPECT_EQ(::read(trigger.get(), &pulled, 1), -1);

    // The same again: the first one is never touched.
    const auto again = submit(home, {.envelope = "Fa\0Tb\0\0id="s + id + "\0held=x\0"s});
    EXPECT_EQ(again.code, 66);
    EXPECT_EQ(home.queue_files(), std::vector<std::string>{});
    EXPECT_EQ(names_in(home, "quarantine").size(), 2u);
    EXPECT_EQ(home.read("queue/quarantine/" + id + ".mess"), "Subject: x\n\nhi\n");
}

TEST(QmailQueue, AnIdThatIsNoneNamesNoFile)
{
    for (const auto& id : {""s, "id=../../todo/1\0"s, "id=1\0"s}) {
        const TempHome home;
        EXPECT_EQ(submit(home, {.envelope = "Fa\0\0"s + id + "held=x\0"s}).code, 0);
        const auto names = names_in(home, "quarantine");
        ASSERT_EQ(names.size(), 2u);
        EXPECT_EQ(names[0].size(), 36 + ".env"s.size());
        EXPECT_EQ(home.queue_files(), std::vector<std::string>{});
    }
}

TEST(QmailQueue, RefusesBadEnvelopes)
{
    const TempHome home;
    const auto cut = "Zmessage or envelope is cut short (#4.3.0)";
    const auto malformed = "Zenvelope is malformed (#4.3.0)";
    expect_refused(home, {.envelope = ""}, 54, cut);
    expect_refused(home, {.envelope = "Fa\0Tb\0"s}, 54, cut);
    expect_refused(home, {.envelope = "Fa\0Tb\0\0id=1"s}, 54, cut);
    expect_refused(home, {.envelope = "Fa\0Xb\0\0"s}, 91, malformed);
    expect_refused(home, {.envelope = "Fa\0\0ID=1\0"s}, 91, malformed);
    expect_refused(home, {.envelope = "Fa\0\0"s + "0:a=1\0"s}, 91, malformed);
    expect_refused(home, {.envelope = "F" + std::string(1003, 'x')}, 11,
                   "Denvelope address is longer than 1002 bytes (#5.1.3)");
}

TEST(QmailQueue, SaysWhichPartOfTheQueueIsMissing)
{
    const auto without = [](const std::string& name, int code, const std::string& response,
                            const std::string& envelope = "Fa\0Tb\0\0"s) {
        const TempHome home;
        fs::rename(home / name, home / "away");
        SCOPED_TRACE(name);
        const auto result = submit(home, {.envelope = envelope});
        EXPECT_EQ(result.code, code);
        EXPECT_EQ(result.response, response);
        EXPECT_EQ(home.queue_files(), std::vector<std::string>{});
    };
    const auto file = "Zunable to make a file in the queue: file does not exist (#4.3.0)";
    without("queue", 62, "Zunable to enter the queue: file does not exist (#4.3.0)");
    without("queue/pid", 63, file);
    without("queue/mess", 64, file);
    without("queue/intd", 65, file);
    without("queue/todo", 66, file);
    without("queue/quarantine", 66, file, "Fa\0\0held=x\0"s);

    const TempHome home;
    const auto lost = submit(home, {.wrapper = {"env", "QMAILHOME=/no/such/home"}});
    EXPECT_EQ(lost.code, 61);
    EXPECT_EQ(lost.response, "Zunable to enter the home directory: file does not exist (#4.3.0)");
}

TEST(QmailQueue, AFileSizeLimitIsAWriteError)
{
    const TempHome home;
    expect_refused(home,
                   {.message = std::string(200000, 'x'), .wrapper = {"prlimit", "--fsize=100000"}},
                   53, "Zunable to write to the queue: file too big (#4.3.0)");
    expect_refused(home,
                   {.message = std::string(99990, 'x'), .wrapper = {"prlimit", "--fsize=100000"}},
                   53, "Zunable to write to the queue: file too big (#4.3.0)");
    const auto soft =
        submit(home, {.message = std::string(200000, 'x'), .wrapper = {"prlimit", "--fsize=1:"}});
    EXPECT_EQ(soft.code, 0);   // the soft limit is raised
}

TEST(QmailQueue, AnswersOnlyOnAPipeThatIsOpenForWriting)
{
    const TempHome home;
    const auto closed =
        submit(home, {.envelope = "", .wrapper = {"sh", "-c", "exec \"$@\" 4>&-", "sh"}});
    EXPECT_EQ(closed.code, 54);
    EXPECT_EQ(closed.response, "");
    const auto file = submit(
        home, {.envelope = "", .wrapper = {"sh", "-c", "exec \"$@\" 4>" + (home / "four"), "sh"}});
    EXPECT_EQ(file.code, 54);
    EXPECT_EQ(home.read("four"), "");
    const auto taken = submit(home, {.wrapper = {"sh", "-c", "exec \"$@\" 4>&-", "sh"}});
    EXPECT_EQ(taken.code, 0);   // a file of its own may get the number
    EXPECT_EQ(home.queue_files().size(), 3u);
}

TEST(QmailQueue, TheAlarmCleansNothing)
{
    Waiting waiting;
    waiting.kill(SIGALRM);
    EXPECT_EQ(waiting.wait(), 52);
    EXPECT_EQ(waiting.home.queue_files(), std::vector{only_file(waiting.home, "mess")});
}

TEST(QmailQueue, OtherSignalsDoNotStopIt)
{
    Waiting waiting;
    for (const int signal :
         {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGVTALRM, SIGPROF, SIGXCPU, SIGXFSZ})
        waiting.kill(signal);
    EXPECT_EQ(waiting.finish(), 0);
}

TEST(QmailQueue, ABugIs81)
{
    for (const int signal : {SIGILL, SIGABRT, SIGFPE, SIGBUS, SIGSEGV, SIGSYS}) {
        Waiting waiting;
        waiting.kill(signal);
        EXPECT_EQ(waiting.wait(), 81);
        EXPECT_TRUE(only_file(waiting.home, "todo").empty());
    }
}

// An inode that was just freed is likely to be the next one given out.
TEST(QmailQueue, OrphansOfItsNumberGo)
{
    for (int tries = 0; tries < 20; ++tries) {
        const TempHome home;
        home.write("queue/todo/x", "Fwrong\0Tpeople\0"s);
        home.write("queue/intd/x", "stale");
        home.write("queue/pid/probe", "");
        const auto number = std::to_string(status_if_there(home / "queue/pid/probe")->st_ino);
        fs::rename(home / "queue/todo/x", home / ("queue/todo/" + number));
        fs::rename(home / "queue/intd/x", home / ("queue/intd/" + number));
        fs::remove(home / "queue/pid/probe");
        EXPECT_EQ(submit(home, {}).code, 0);
        if (!only_file(home, "mess").ends_with('/' + number)) continue;
        EXPECT_EQ(only_file(home, "todo"), "todo/" + number);
        EXPECT_EQ(queue_file(home, "todo").find("wrong"), std::string::npos);
        EXPECT_EQ(queue_file(home, "intd"), queue_file(home, "todo"));
        return;
    }
    GTEST_SKIP() << "this file system does not give a freed inode number out again";
}

TEST(QmailQueue, ManyRecipientsNeedNoMemory)
{
    if (sanitized()) GTEST_SKIP() << "no memory limit under AddressSanitizer";
    const TempHome home;
    std::string envelope = "Fsender@x.example\0"s;
    for (int i = 0; i < 300000; ++i)
        envelope += "Trecipient-" + std::to_string(i) + "@far.example" + '\0';
    const auto block = '\0' + "id=1\0"s + "7:notify=NEVER\0"s + "299999:notify=DELAY\0"s;
    const auto result =
        submit(home, {.envelope = envelope + block, .wrapper = {"prlimit", "--data=3000000"}});
    EXPECT_EQ(result.code, 0) << result.response;
    const auto todo = queue::decode_todo(queue_file(home, "todo"));
    ASSERT_TRUE(todo);
    EXPECT_EQ(todo->recipients.size(), 300000u);
    EXPECT_EQ(*todo->extensions.recipients.at(299999).find("notify"), "DELAY");
    EXPECT_EQ(home.queue_files().size(), 3u);   // the scratch file is gone
}

TEST(QmailQueue, LinksNothingButTheCLibraryAndStartsAtOnce)
{
    if (sanitized()) GTEST_SKIP() << "an instrumented program links more";
    const TempHome home;
    const auto libraries = run({.argv = {"ldd", home.program("qmail-queue")}});
    std::cout << libraries.output;
    for (const auto* heavy : {"libstdc++", "libssl", "libboost", "libgcc"})
        EXPECT_EQ(libraries.output.find(heavy), std::string::npos) << heavy;

    constexpr int rounds = 100;
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < rounds; ++i)
        EXPECT_TRUE(run({.argv = {home.program("qmail-queue")},
                         .environment = {"QMAILHOME=/no/such/home"}}) == 61);
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
    std::cout << "start to exit: " << took.count() / rounds << " ms\n";
    EXPECT_LT(took.count() / rounds, 50);
}
