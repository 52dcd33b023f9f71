// qmail-queued as its submitters see it, in a sandbox.
#include "queue/queued_lab.hpp"
#include "queue/submit.hpp"
#include "support/instance.hpp"
#include "support/recorded.hpp"

#include "base/sys/file.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>

using namespace grapnel;
using namespace grapnel::test;
using namespace std::string_literals;
namespace fs = std::filesystem;

namespace {

const auto envelope = "Fa@x\0Tb@y\0\0"s;
const std::string text = "Subject: x\n\nhi\n";

std::string replaced(std::string all, const std::string& from, const std::string& to)
{
    for (auto at = all.find(from); at != std::string::npos; at = all.find(from, at + to.size()))
        all.replace(at, from.size(), to);
    return all;
}

// The files of a queue that holds one message, without what differs by chance.
std::string contents(const TempHome& home, pid_t pid)
{
    std::string all;
    for (const auto& name : home.queue_files()) {
        const auto folder = name.substr(0, name.find('/'));
        all += (folder == "quarantine" ? name : folder) + ": " +
               with_placeholders(replaced(home.read("queue/" + name), std::to_string(pid), "PID")) +
               '\n';
    }
    return all;
}

std::size_t count_of_files(const TempHome& home, const std::string& folder)
{
    return list_directory(home / ("queue/" + folder)).size();
}

// strace's words for one injected fault; the wrapper stays out of the way of signals.
std::vector<std::string> traced(const std::string& log, const std::string& calls,
                                const std::string& injection)
{
    return {"strace", "-D",
            "-f",     "-qq",
            "-o",     log,
            "-e",     "trace=" + calls,
            "-e",     "inject=" + injection};
}

std::string why_no_strace()
{
    try {
        const auto probe = run(
            {.argv = {"strace", "-qq", "-o", "/dev/null", "-e", "inject=getpid:error=EIO", "true"},
             .environment = {"PATH=/usr/bin:/bin"}});
        if (!(probe == 0)) return "strace may not trace here";
    } catch (const std::system_error&) {
        return "there is no strace";
    }
    return sanitized() ? "an instrumented program makes calls of its own" : "";
}

void expect_refused(QueuedLab& lab, const std::string& bytes, int code, const std::string& line)
{
    QueuedClient client(lab.home);
    const auto answer = client.submit(text, bytes);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->exit_code, code);
    EXPECT_EQ(answer->text, line);
    EXPECT_EQ(lab.home.queue_files(), std::vector<std::string>{});
    const auto next = client.submit(text, envelope);   // the connection goes on
    ASSERT_TRUE(next);
    EXPECT_EQ(next->exit_code, 0);
}

}

TEST(QmailQueued, LeavesTheBytesThatQmailQueueLeaves)
{
    const std::string envelopes[] = {
        envelope,
        "F\0Tb@y\0Tc@z\0\0"s,
        "Fa@b\0Tc@d\0Te@f\0\0id=1\0unknown.example=%20\0001:notify=DELAY\0"s,
        "Fa@b\0Tc@d\0\0received=1\0ret=HDRS\0"s,
        "Fa@b\0Tc@d\0\0id=019ac3f2-6f00-7b1e-8c3d-0a1b2c3d4e5f\0held=scan/why\0"s,
    };
    for (const auto& bytes : envelopes) {
        const TempHome other;
        const auto one = submit(other, {.message = text, .envelope = bytes});
        ASSERT_EQ(one.code, 0);
        QueuedLab lab;
        const Fd trigger = open_file(lab.home / "queue/lock/trigger", O_RDWR | O_NONBLOCK);
        const auto answer = QueuedClient(lab.home).submit(text, bytes);
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->exit_code, 0);
        EXPECT_EQ(answer->process, lab.process().pid());
        EXPECT_EQ(answer->text, "");
        EXPECT_EQ(contents(lab.home, lab.process().pid()), contents(other, one.pid));
        char pulled[2];
        const bool held = bytes.find("held=") != std::string::npos;
        EXPECT_EQ(::read(trigger.get(), pulled, sizeof pulled), held ? -1 : 1);
        if (held) continue;
        const auto number = only_file(lab.home, "todo").substr(5);
        EXPECT_TRUE(fs::equivalent(lab.home / ("queue/todo/" + number),
                                   lab.home / ("queue/intd/" + number)));
        EXPECT_EQ(std::to_string(
                      status_if_there(lab.home / ("queue/" + only_file(lab.home, "mess")))->st_ino),
                  number);
    }
}

TEST(QmailQueued, RefusesAsQmailQueueDoes)
{
    const auto cut = [](const std::string& bytes, int code) {
        QueuedLab lab;
        const TempHome other;
        const auto one = submit(other, {.message = text, .envelope = bytes});
        EXPECT_EQ(one.code, code);
        expect_refused(lab, bytes, one.code, one.response);
    };
    cut("Fa@x\0Tb@"s, 54);
    cut("", 54);
    cut("Tb@y\0Fa@x\0\0"s, 91);
    cut("Fa\0T" + std::string(1004, 'x') + "\0\0"s, 11);
    cut("Fa\0Tb\0\0bad record\0"s, 91);
}

TEST(QmailQueued, TellsWhichFileCouldNotBeMade)
{
    QueuedLab lab;
    const auto code_without = [&](const std::string& folder) {
        fs::rename(lab.home / ("queue/" + folder), lab.home / "queue/away");
        const auto answer = QueuedClient(lab.home).submit(text, envelope);
        fs::rename(lab.home / "queue/away", lab.home / ("queue/" + folder));
        return answer ? answer->exit_code : -1;
    };
    EXPECT_EQ(code_without("pid"), 63);
    EXPECT_EQ(code_without("mess"), 64);
    for (const auto& [folder, code] : {std::pair{"intd", 65}, std::pair{"todo", 66}}) {
        QueuedClient client(lab.home);
        client.message(text);
        ASSERT_TRUE(wait_until([&] { return !only_file(lab.home, "mess").empty(); }));
        const auto mess = only_file(lab.home, "mess");
        const auto foreign = std::string(folder) + mess.substr(mess.rfind('/'));
        lab.home.write("queue/" + foreign, "foreign");
        client.envelope(envelope);
        client.commit();
        const auto answer = client.answer();
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->exit_code, code);
        EXPECT_EQ(lab.home.queue_files(), std::vector<std::string>{foreign});
        fs::remove(lab.home / ("queue/" + foreign));
    }
    EXPECT_EQ(lab.stop(), 0);
}

TEST(QmailQueued, AFileSystemThatCannotRenameWithoutReplacingServesToo)
{
    if (const auto why = why_no_strace(); !why.empty()) GTEST_SKIP() << why;
    const TempDirectory place;
    QueuedLab lab(traced(place / "log", "renameat2", "renameat2:error=EINVAL"));
    const auto answer = QueuedClient(lab.home).submit(text, envelope);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->exit_code, 0);
    EXPECT_EQ(count_of_files(lab.home, "pid"), 0u);
    EXPECT_EQ(count_of_files(lab.home, "todo"), 1u);
    EXPECT_EQ(lab.stop(), 0);
}

TEST(QmailQueued, AWriteThatFailsCostsThatMessageOnly)
{
    QueuedLab lab({"prlimit", "--fsize=2097152"});
    QueuedClient client(lab.home);
    const auto answer = client.submit(std::string(3 << 20, 'x'), envelope);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->exit_code, 53);
    EXPECT_EQ(lab.home.queue_files(), std::vector<std::string>{});
    const auto next = client.submit(text, envelope);
    ASSERT_TRUE(next);
    EXPECT_EQ(next->exit_code, 0);
}

TEST(QmailQueued, MessageAfterEnvelopeAndUnknownFramesAreNotUnderstood)
{
    QueuedLab lab;
    QueuedClient client(lab.home);
    client.envelope(envelope);
    client.message(text);
    client.commit();
    const auto answer = client.answer();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->exit_code, 91);
    for (const auto& bytes : {"X\0\0\0\0"s, "M\xff\0\0\0"s, "A\0\0\0\5\0\0\0\0\0"s, "\0"s}) {
        QueuedClient other(lab.home);
        other.message(text);
        other.raw(bytes);
        if (bytes.size() == 1)
            other.leave();   // a head cut short
        else
            EXPECT_FALSE(other.answer());
    }
    EXPECT_TRUE(wait_until([&] { return lab.home.queue_files().empty(); }));
}

TEST(QmailQueued, WhoLeavesBeforeTheCommitLeavesNothing)
{
    QueuedLab lab;
    {
        QueuedClient in_message(lab.home), in_envelope(lab.home), complete(lab.home);
        in_message.message(text);
        in_envelope.message(text);
        in_envelope.envelope("Fa@x\0Tb"s);
        complete.message(text);
        complete.envelope(envelope);
        ASSERT_TRUE(wait_until([&] { return count_of_files(lab.home, "intd") == 2; }));
    }
    EXPECT_TRUE(wait_until([&] { return lab.home.queue_files().empty(); }));
}

TEST(QmailQueued, OneConnectionCarriesManyMessages)
{
    QueuedLab lab;
    QueuedClient client(lab.home);
    for (int i = 0; i < 20; ++i) {
        client.message(text);
        client.envelope(envelope);
        client.commit();
    }
    for (int i = 0; i < 20; ++i) {
        const auto answer = client.answer();
        ASSERT_TRUE(answer) << i;
        EXPECT_EQ(answer->exit_code, 0);
    }
    EXPECT_EQ(count_of_files(lab.home, "todo"), 20u);
}

TEST(QmailQueued, FlushesEachFileWhereItIsAskedTo)
{
    QueuedLab lab({}, {"--fsync-each"});
    const auto answer = QueuedClient(lab.home).submit(text, envelope);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->exit_code, 0);
    EXPECT_EQ(count_of_files(lab.home, "todo"), 1u);
}

TEST(QmailQueued, LargeMessagesAndEnvelopesPassThroughSmallMemory)
{
    QueuedLab lab;
    QueuedClient client(lab.home);
    std::string line(1023, 'x');
    line += '\n';
    std::string piece;
    for (int i = 0; i < 1024; ++i) piece += line;
    for (int i = 0; i < 70; ++i) client.message(piece);
    std::string recipients = "Fa@x\0"s;
    for (int i = 0; i < 20000; ++i) recipients += "Tuser" + std::to_string(i) + "@y.example\0"s;
    client.envelope(recipients + '\0');
    client.commit();
    const auto answer = client.answer();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->exit_code, 0);
    const auto mess = lab.home / ("queue/" + only_file(lab.home, "mess"));
    const auto stored = read_file(mess, 80 << 20);
    const auto begin = stored.find('\n') + 1;
    ASSERT_EQ(stored.size() - begin, 70u << 20);
    bool same = true;
    for (std::size_t at = begin; at < stored.size(); at += piece.size())
        same = same && stored.compare(at, piece.size(), piece) == 0;
    EXPECT_TRUE(same);
    const auto todo = queue_file(lab.home, "todo");
    EXPECT_TRUE(todo.ends_with(recipients.substr(5)));
    if (sanitized()) return;
    const auto status = slurp("/proc/" + std::to_string(lab.process().pid()) + "/status");
    const auto peak = std::stoul(status.substr(status.find("VmHWM:") + 6));
    EXPECT_LT(peak, 24000u) << "kB";
}

TEST(QmailQueued, AConnectionTooManyIsToldToComeLater)
{
    QueuedLab lab({"prlimit", "--nofile=110"});   // ten connections
    std::vector<QueuedClient> clients;
    for (int i = 0; i < 10; ++i) {
        clients.emplace_back(lab.home);
        clients.back().message(text);
    }
    ASSERT_TRUE(wait_until([&] { return lab.home.queue_files().size() == 10; }));
    const auto answer = QueuedClient(lab.home).answer();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->exit_code, 71);
    EXPECT_EQ(answer->text, "Zthe queue is too busy (#4.3.2)");
    for (auto& client : clients) {
        client.envelope(envelope);
        client.commit();
        const auto queued = client.answer();
        ASSERT_TRUE(queued);
        EXPECT_EQ(queued->exit_code, 0);
    }
    clients.clear();
    EXPECT_TRUE(wait_until([&] {
        const auto now = QueuedClient(lab.home).submit(text, envelope);
        return now && now->exit_code == 0;
    }));
}

TEST(QmailQueued, TermFinishesWhatRunsAndHangsUpOnTheIdle)
{
    QueuedLab lab;
    QueuedClient idle(lab.home), busy(lab.home);
    ASSERT_TRUE(idle.submit(text, envelope));
    busy.message(text);
    ASSERT_TRUE(wait_until([&] { return lab.home.queue_files().size() == 4; }));
    lab.process().kill(SIGTERM);
    EXPECT_FALSE(idle.answer());
    EXPECT_TRUE(lab.process().running());
    const auto answer = busy.submit(text, envelope);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->exit_code, 0);
    EXPECT_EQ(lab.stop(), 0);
    EXPECT_EQ(count_of_files(lab.home, "todo"), 2u);
}

TEST(QmailQueued, AKilledOneAcknowledgesNothingAndTheNextServes)
{
    QueuedLab lab;
    QueuedClient client(lab.home);
    client.message(text);
    ASSERT_TRUE(wait_until([&] { return lab.home.queue_files().size() == 1; }));
    lab.process().kill(SIGKILL);
    client.envelope(envelope);
    client.commit();
    EXPECT_FALSE(client.answer());
    EXPECT_EQ(count_of_files(lab.home, "todo"), 0u);
    for (const auto& name : lab.home.queue_files()) fs::remove(lab.home / ("queue/" + name));
    lab.start();
    EXPECT_EQ(QueuedClient(lab.home).submit(text, envelope)->exit_code, 0);
}

// While one commit runs the others gather: the next takes 64 of them, and the rest the one after.
TEST(QmailQueued, WhatArrivesDuringAFlushIsTheNextBatch)
{
    if (const auto reason = why_no_strace(); !reason.empty()) GTEST_SKIP() << reason;
    const TempDirectory place;
    QueuedLab lab(traced(place / "log", "syncfs", "syncfs:delay_enter=2000000"));
    const auto before = count_of("syncfs(", slurp(place / "log"));
    std::vector<QueuedClient> clients;
    for (int i = 0; i < 101; ++i) clients.emplace_back(lab.home);
    const auto complete = [&](QueuedClient& client) {
        client.message(text);
        client.envelope(envelope);
        client.commit();
    };
    complete(clients.front());
    ASSERT_TRUE(wait_until([&] { return count_of_files(lab.home, "intd") == 1; }));
    for (std::size_t i = 1; i < clients.size(); ++i) complete(clients[i]);
    for (auto& client : clients) {
        const auto answer = client.answer();
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->exit_code, 0);
    }
    EXPECT_EQ(count_of_files(lab.home, "todo"), 101u);
    EXPECT_EQ(count_of("syncfs(", slurp(place / "log")) - before, 3u);
}

TEST(QmailQueued, WhoLeavesDuringTheFlushIsDropped)
{
    if (const auto reason = why_no_strace(); !reason.empty()) GTEST_SKIP() << reason;
    const TempDirectory place;
    QueuedLab lab(traced(place / "log", "syncfs,link", "syncfs:delay_enter=2000000"));
    QueuedClient stays(lab.home), leaves(lab.home);
    for (auto* client : {&stays, &leaves}) {
        client->message(text);
        client->envelope(envelope);
        client->commit();
    }
    ASSERT_TRUE(wait_until([&] { return count_of_files(lab.home, "intd") == 2; }));
    leaves.leave();
    const auto answer = stays.answer();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->exit_code, 0);
    EXPECT_TRUE(wait_until([&] { return lab.home.queue_files().size() == 3; }));
    EXPECT_EQ(count_of_files(lab.home, "todo"), 1u);
}

TEST(QmailQueued, AFlushThatFailsEndsIt)
{
    if (const auto reason = why_no_strace(); !reason.empty()) GTEST_SKIP() << reason;
    for (const std::string calls : {"syncfs:error=EIO", "syncfs:error=ENOSPC"}) {
        const TempDirectory place;
        QueuedLab lab(traced(place / "log", "syncfs", calls));
        QueuedClient first(lab.home), second(lab.home);
        for (auto* client : {&first, &second}) {
            const auto answer = client->submit(text, envelope);
            EXPECT_TRUE(!answer || answer->exit_code == 53);   // it may have ended meanwhile
        }
        const auto ending = lab.process().wait();
        ASSERT_TRUE(ending);
        EXPECT_EQ(ending->code, 111);
        EXPECT_NE(lab.process().errors().find("alert: a flush of the queue failed"),
                  std::string::npos);
        EXPECT_EQ(lab.home.queue_files(), std::vector<std::string>{});
    }
}

TEST(QmailQueued, ADiskThatDoesNotKeepWhatItIsGivenIsNotServed)
{
    if (const auto reason = why_no_strace(); !reason.empty()) GTEST_SKIP() << reason;
    const TempDirectory place;
    EXPECT_THROW(QueuedLab(traced(place / "log", "fsync", "fsync:error=EIO:when=1")),
                 std::runtime_error);
}
