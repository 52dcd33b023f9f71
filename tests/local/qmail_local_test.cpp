// qmail-local as a program, where the recorded behaviour of tests/compat does not reach: limits,
// faults, order.
#include "local/lab.hpp"

#include "base/sys/file.hpp"
#include "base/sys/lock.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <regex>

namespace grapnel::test {

namespace {

using Words = std::vector<std::string>;

// A shell that lowers a limit before it becomes the program.
Words limited(const std::string& limit)
{
    return {"/bin/sh", "-c", "ulimit " + limit + " && exec \"$@\"", "sh"};
}

std::string header_of(std::size_t received)
{
    std::string header;
    for (std::size_t i = 0; i < received; ++i)
        header += "Received: by hop" + std::to_string(i) + "\n";
    return header;
}

}

TEST(QmailLocal, AMaildirGetsTheMessageWithItsTraceUnderANameOfItsOwn)
{
    const LocalLab lab;
    lab.make_maildir("Maildir");
    lab.dot_qmail("./Maildir/\n./Maildir/\n");
    const auto done = lab.deliver(small_message);
    EXPECT_EQ(done.ending.code, 0) << done.errors;
    EXPECT_EQ(done.output, "did 2+0+0\n");
    const auto names = lab.delivered("Maildir");
    ASSERT_EQ(names.size(), 2u);   // two in one run: the counter keeps them apart
    for (const auto& name : names) {
        EXPECT_TRUE(std::regex_match(name, std::regex("[0-9]+\\.M[0-9]+P[0-9]+Q[0-9]+\\..+")))
            << name;
        EXPECT_EQ(slurp(lab / ("Maildir/new/" + name)), std::string(trace) + small_message);
        EXPECT_EQ(std::filesystem::status(lab / ("Maildir/new/" + name)).permissions(),
                  std::filesystem::perms(0600));
    }
    EXPECT_TRUE(lab.unfinished("Maildir").empty());
}

TEST(QmailLocal, AMaildirDeliverySyncsTheFileThenTheDirectory)
{
    const LocalLab lab;
    lab.make_maildir("Maildir");
    lab.dot_qmail("./Maildir/\n");
    const std::string log = lab / "calls";
    const auto done = lab.deliver(
        small_message, {"strace", "-y", "-o", log, "-e", "trace=fsync,renameat2,exit_group"});
    if (done.errors.find("strace") != std::string::npos)
        GTEST_SKIP() << "strace does not run here: " << done.errors;
    EXPECT_EQ(done.ending.code, 0);
    const std::regex order(
        R"(fsync\([0-9]+<[^>]*/Maildir/tmp/[^>]*>\)[^]*renameat2\([^]*RENAME_NOREPLACE[^]*fsync\([0-9]+<[^>]*/Maildir/new>\)[^]*exit_group\(0\))");
    EXPECT_TRUE(std::regex_search(slurp(log), order)) << slurp(log);
}

TEST(QmailLocal, AMaildirThatMayNotBeReadStillTakesMail)
{
    if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
    const LocalLab lab;
    lab.make_maildir("Maildir");
    lab.dot_qmail("./Maildir/\n");
    ASSERT_EQ(::chmod((lab / "Maildir/new").c_str(), 0300), 0);
    EXPECT_EQ(lab.deliver(small_message).ending.code, 0);
}

TEST(QmailLocal, AnMboxWaitsForItsLock)
{
    const LocalLab lab;
    spill(lab / "Mailbox", "From old\n\n", 0600);
    Fd held = open_file(lab / "Mailbox", O_WRONLY);
    lock(held.get());
    const TempDirectory file;
    spill(file / "message", small_message);
    const Fd message = open_read(file / "message");
    Launch launch = lab.launch();
    launch.descriptors = {{0, message.get()}};
    Process process(std::move(launch));
    const auto waiting = [&] {
        return slurp("/proc/" + std::to_string(process.pid()) + "/wchan").find("lock") !=
               std::string::npos;
    };
    wait_until(waiting, seconds(5));
    EXPECT_EQ(slurp(lab / "Mailbox"), "From old\n\n");
    held.reset();
    EXPECT_EQ(process.wait()->code, 0);
    EXPECT_EQ(slurp(lab / "Mailbox").find("From old\n\nFrom s@far.example "), 0u);
}

TEST(QmailLocal, AFailedMboxDeliveryTakesBackWhatItWrote)
{
    const LocalLab lab;
    const std::string before = "From old\n" + std::string(1000, 'x') + "\n\n";
    spill(lab / "Mailbox", before, 0600);
    const auto done = lab.deliver("Subject: x\n\n" + std::string(100'000, 'y') + '\n',
                                  limited("-f 64"));   // 32 KiB or 64
    EXPECT_EQ(done.ending.code, 111);
    EXPECT_EQ(done.errors, "Unable to write ./Mailbox: file too big. (#4.3.0)\n");
    EXPECT_EQ(slurp(lab / "Mailbox"), before);
}

TEST(QmailLocal, AFailedMaildirDeliveryLeavesNothing)
{
    const LocalLab lab;
    lab.make_maildir("Maildir");
    lab.dot_qmail("./Maildir/\n");
    const auto done =
        lab.deliver("Subject: x\n\n" + std::string(100'000, 'y') + '\n', limited("-f 64"));
    EXPECT_EQ(done.ending.code, 111);
    EXPECT_EQ(done.errors, "Temporary error on maildir delivery. (#4.3.0)\n");
    EXPECT_TRUE(lab.delivered("Maildir").empty());
    EXPECT_TRUE(lab.unfinished("Maildir").empty());
}

TEST(QmailLocal, WithoutDescriptorsTheMessageIsDeferred)
{
    const LocalLab lab;
    lab.make_maildir("Maildir");
    for (const auto* text : {"./Maildir/\n", "./box\n", "|true\n", "&a@b\n"}) {
        lab.dot_qmail(text);
        // Three are not even enough for the loader; each more lets it come a step further.
        for (const auto* limit : {"-n 4", "-n 5", "-n 6"}) {
            const auto done = lab.deliver(small_message, limited(limit));
            EXPECT_TRUE(done.ending.code == 111 || done.ending.code == 0)
                << text << limit << done.errors;
            EXPECT_EQ(done.ending.code == 0, done.errors.empty()) << text << limit;
        }
        EXPECT_TRUE(lab.unfinished("Maildir").empty());
    }
}

TEST(QmailLocal, WhatIsNoRegularFileIsNoMbox)
{
    const LocalLab lab;
    lab.dot_qmail("/dev/null\n");
    EXPECT_EQ(lab.deliver(small_message).errors,
              "Unable to write /dev/null: invalid argument. (#4.3.0)\n");
    lab.dot_qmail("./fifo\n");
    ASSERT_EQ(::mkfifo((lab / "fifo").c_str(), 0600), 0);
    const auto done = lab.deliver(small_message);
    EXPECT_EQ(done.ending.code, 111);
    EXPECT_EQ(done.errors, "Unable to open ./fifo: device not configured. (#4.2.1)\n");
}

TEST(QmailLocal, AnMboxMayBeALinkToWhereItIsYetToBeMade)
{
    const LocalLab lab;
    make_directory(lab / "spool", 0700);
    std::filesystem::create_symlink("spool/joe", lab / "Mailbox");
    EXPECT_EQ(lab.deliver(small_message).ending.code, 0);
    EXPECT_EQ(slurp(lab / "spool/joe").find("From s@far.example "), 0u);
}

TEST(QmailLocal, MoreHopsThanAllowedAreALoop)
{
    const LocalLab lab;
    lab.dot_qmail("#\n");
    EXPECT_EQ(lab.deliver(header_of(100) + small_message).ending.code, 0);
    const auto looping = lab.deliver(header_of(101) + small_message);
    EXPECT_EQ(looping.ending.code, 100);
    EXPECT_EQ(looping.errors, "This message is looping: too many hops. (#5.4.6)\n");
    lab.qmail.control("maxhops", "3");
    EXPECT_EQ(lab.deliver(header_of(3) + small_message).ending.code, 0);
    EXPECT_EQ(lab.deliver(header_of(4) + small_message).ending.code, 100);
}

TEST(QmailLocal, AHeaderLineOfFourGigabytesNeedsNoMemory)
{
    const LocalLab lab;
    const TempDirectory file;
    spill(file / "message", "Subject: ");
    // More than 32 bits can count.
    if (::truncate((file / "message").c_str(), (4LL << 30) + (1 << 20)) != 0)
        GTEST_SKIP() << "no sparse files of that size here";
    lab.dot_qmail("#\n");
#if defined(__SANITIZE_ADDRESS__)
    const Words before;   // the sanitizer itself wants terabytes of address space
#else
    const Words before = limited("-v 65536");
#endif
    const auto done = lab.deliver_file(file / "message", before, std::chrono::minutes(5));
    EXPECT_EQ(done.ending.code, 0) << done.errors;
    EXPECT_EQ(done.output, "did 0+0+0\n");
}

TEST(QmailLocal, ALongLineGoesToAnMboxInSmallPieces)
{
    const LocalLab lab;
    const std::string line(50 << 20, '>');
#if defined(__SANITIZE_ADDRESS__)
    const Words before;
#else
    const Words before = limited("-v 32768");
#endif
    EXPECT_EQ(lab.deliver("a: b\n\n" + line + "From x\n", before).ending.code, 0);
    const auto box = slurp(lab / "Mailbox");
    EXPECT_TRUE(box.ends_with("\n\n>" + line + "From x\n\n"));
}

TEST(QmailLocal, AMessageThatCannotBeRewoundIsDeferred)
{
    const LocalLab lab;
    const auto done = run(lab.launch(), small_message);   // a pipe
    EXPECT_EQ(done.ending.code, 111);
    EXPECT_EQ(done.errors, "Unable to rewind message. (#4.3.0)\n");
}

TEST(QmailLocal, AnUnreadableLimitDefersAndNamesTheFile)
{
    const LocalLab lab;
    std::filesystem::create_directory(lab.qmail / "control/maxhops");
    const auto done = lab.deliver(small_message);
    EXPECT_EQ(done.ending.code, 111);
    EXPECT_NE(done.errors.find("maxhops"), std::string::npos) << done.errors;
}

TEST(QmailLocal, AReaderThatIsGoneChangesNothing)
{
    const LocalLab lab;
    lab.dot_qmail("./box\n");
    const auto done =
        lab.deliver(small_message, {"/bin/sh", "-c", "\"$@\" | true; exec true", "sh"});
    EXPECT_EQ(done.ending.code, 0);
    EXPECT_NE(slurp(lab / "box"), "");
}

}
