// A disk that is broken, full or read-only: nothing is acknowledged that it did not take, nothing
// is given up for it, and when it is well again so is the mail.
#include "programs/pipeline.hpp"

#include "base/sys/file.hpp"
#include "support/faulty.hpp"
#include "support/own_namespace.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>

using namespace grapnel::test;

namespace {

const std::vector<std::string> flushes{"fsync", "fdatasync", "syncfs"};

}

struct Disk : Pipeline {
    Faulty faulty;
    const InstanceOptions with_faults{.environment = faulty.environment()};

    std::string deliver(const Instance& mta, const std::string& recipient = "joe@here.example")
    {
        return SmtpClient(mta.port()).deliver("joe@here.example", {recipient}, a_message());
    }

    // "mess/1/4711" of the only message, by its folder.
    std::string file_of(const std::string& folder) const
    {
        for (const auto& name : home.queue_files())
            if (name.starts_with(folder + '/')) return home / ("queue/" + name);
        return {};
    }

    // One message to a program that waits for ./go, put off for now.
    void put_off(Instance& mta)
    {
        dot_qmail("|test -e go || exit 111\n./Maildir/\n", "waits");
        ASSERT_TRUE(deliver(mta, "joe-waits@here.example").starts_with("250 "));
        ASSERT_TRUE(mta.wait_for_log("deferral: ")) << mta.log();
        ASSERT_TRUE(
            wait_until([&] { return !file_of("local").empty() && file_of("todo").empty(); }));
        spill(joe + "/go", "");
    }
};

TEST_F(Disk, AFlushThatFailsInQueuedCostsItsBatchAndTheNextOneServes)
{
    Instance mta(home, with_faults);
    const auto queued = process_of(home, "qmail-queued");
    faulty.fail("qmail-queued", flushes, EIO);
    const auto reply = deliver(mta);
    faulty.heal();
    EXPECT_TRUE(reply.starts_with("451 4.3.0 ")) << reply;
    EXPECT_EQ(faulty.hits(), 1u) << "a failed flush was tried again";
    EXPECT_TRUE(mta.wait_for_log("alert: a flush of the queue failed")) << mta.log();
    EXPECT_TRUE(home.queue_files().empty());
    EXPECT_TRUE(wait_until([&] {
        const auto now = process_of(home, "qmail-queued");
        return now != 0 && now != queued;
    }));
    EXPECT_TRUE(wait_until([&] { return deliver(mta).starts_with("250 "); }));
    EXPECT_TRUE(wait_for_maildir(maildir, 1)) << mta.log();
    EXPECT_EQ(maildir_count(maildir), 1u);
}

TEST_F(Disk, AFlushThatFailsInSendEndsItAndTheNextOneGoesOn)
{
    Instance mta(home, with_faults);
    faulty.fail("qmail-send", flushes, EIO);
    ASSERT_TRUE(deliver(mta).starts_with("250 "));
    const auto ending = mta.send().wait();
    faulty.heal();
    ASSERT_TRUE(ending) << mta.log();
    EXPECT_EQ(ending->code, 111);
    EXPECT_EQ(faulty.hits(), 1u) << "a failed flush was tried again";
    EXPECT_EQ(mta.log_count("alert: oh no! "), 1u) << mta.log();
    mta.start_send();
    EXPECT_TRUE(wait_for_maildir(maildir, 1)) << mta.log();
    // Its names may be gone already: then mess is litter, as after a crash.
    EXPECT_TRUE(wait_until([&] { return file_of("todo").empty() && file_of("info").empty(); }))
        << mta.log();
    EXPECT_LE(maildir_count(maildir), 2u);
    EXPECT_TRUE(mta.stop()) << mta.log();
}

TEST_F(Disk, ADiskThatCannotBeProvedIsNotServed)
{
    const grapnel::Fd log = grapnel::open_file(home / "send.log", O_RDWR | O_CREAT, 0644);
    faulty.fail("qmail-send", {"fsync"}, EIO);
    Process send({.argv = {home.program("qmail-start"), "./Maildir/"},
                  .environment = home.environment(faulty.environment()),
                  .descriptors = {{0, log.get()}, {1, log.get()}, {2, log.get()}},
                  .own_group = true});
    const auto ending = send.wait();
    ASSERT_TRUE(ending);
    EXPECT_EQ(ending->code, 111);
    EXPECT_EQ(count_of("alert: cannot start: ", home.read("send.log")), 1u)
        << home.read("send.log");
}

TEST_F(Disk, AReadOnlyQueueTakesNothingUntilItIsWritable)
{
    Instance mta(home, with_faults);
    const auto queued = process_of(home, "qmail-queued");
    faulty.fail("qmail-queued", {"open", "link", "unlink"}, EROFS);
    for (int i = 0; i < 3; ++i) {
        const auto reply = deliver(mta);
        EXPECT_TRUE(reply.starts_with("451 4.3.0 ")) << reply;
    }
    faulty.heal();
    EXPECT_EQ(process_of(home, "qmail-queued"), queued) << "it ended";
    EXPECT_TRUE(wait_until([&] { return deliver(mta).starts_with("250 "); }));
    EXPECT_TRUE(wait_for_maildir(maildir, 1)) << mta.log();
}

TEST_F(Disk, AQueueMountedReadOnlyTakesNothingUntilItIsWritable)
{
    if (const auto why = own_mounts(); !why.empty()) GTEST_SKIP() << "skipped: " << why;
    ASSERT_EQ(mount_tmpfs(home / "queue", "size=8m"), "");
    home.make_queue();
    const auto remount = [&](const char* how) {
        return run({.argv = {"mount", "-o", std::string("remount,") + how, home / "queue"},
                    .environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}})
            .ending.success();
    };
    ASSERT_TRUE(remount("ro"));
    {
        Instance mta(home, {.send = false});
        const auto reply = deliver(mta);
        EXPECT_TRUE(reply.starts_with("451 4.3.0 ")) << reply;
        EXPECT_THROW(Instance(home, {.smtpd = false}), std::runtime_error);
        ASSERT_TRUE(remount("rw"));
        EXPECT_TRUE(deliver(mta).starts_with("250 "));
    }
    {
        Instance mta(home, {.smtpd = false});
        EXPECT_TRUE(wait_for_maildir(maildir, 1)) << mta.log();
        EXPECT_TRUE(mta.stop());
    }
    unmount(home / "queue");
}

TEST_F(Disk, AMessageThatCannotBeReadWaitsAndNobodyElseDoes)
{
    Instance mta(home, with_faults);
    put_off(mta);
    faulty.fail("qmail-lspawn", {"read"}, EIO, file_of("mess"));
    mta.alarm();
    ASSERT_TRUE(wait_until([&] { return mta.log_count("deferral: ") == 2; })) << mta.log();
    EXPECT_GT(faulty.hits(), 0u);
    EXPECT_TRUE(deliver(mta).starts_with("250 "));
    EXPECT_TRUE(wait_for_maildir(maildir, 1)) << mta.log();
    faulty.heal();
    EXPECT_EQ(mta.log_count("failure: "), 0u);
    mta.alarm();
    EXPECT_TRUE(wait_for_maildir(maildir, 2)) << mta.log();
    EXPECT_TRUE(mta.wait_until_empty());
}

TEST_F(Disk, ARecordThatCannotBeReadKeepsItsMessageAndNobodyElses)
{
    Instance mta(home, with_faults);
    put_off(mta);
    const auto info = file_of("info");
    faulty.fail("qmail-send", {"open", "read"}, EIO, info);
    mta.alarm();
    ASSERT_TRUE(mta.wait_for_log("warning: trouble opening " + info.substr(info.find("info/"))))
        << mta.log();
    EXPECT_TRUE(deliver(mta).starts_with("250 "));
    EXPECT_TRUE(wait_for_maildir(maildir, 1)) << mta.log();
    faulty.heal();
    EXPECT_TRUE(grapnel::status_if_there(info));
    mta.alarm();
    EXPECT_TRUE(wait_for_maildir(maildir, 2)) << mta.log();
    EXPECT_TRUE(mta.wait_until_empty());
}

// While the disk is slow its clients wait: each gets one 250, and his message is there once.
TEST_F(Disk, ASlowDiskDelaysAnswersAndDoublesNothing)
{
    constexpr std::size_t clients = 12;
    Instance mta(home, with_faults);
    process_of(home, "qmail-queued");
    faulty.delay("qmail-queued", {"syncfs"}, milliseconds(1500));
    std::vector<SmtpClient> waiting;
    for (std::size_t i = 0; i < clients; ++i) {
        auto& client = waiting.emplace_back(mta.port());
        client.command("EHLO c.example");
        client.command("MAIL FROM:<>");
        client.command("RCPT TO:<joe@here.example>");
        EXPECT_EQ(client.command("DATA"), "354 go ahead");
    }
    for (auto& client : waiting) client.send(as_data(a_message()));
    for (auto& client : waiting) EXPECT_TRUE(client.reply().starts_with("250 "));
    EXPECT_TRUE(wait_for_maildir(maildir, clients)) << mta.log();
    EXPECT_TRUE(mta.wait_until_empty());
    EXPECT_EQ(maildir_count(maildir), clients);
    EXPECT_GE(faulty.hits(), 1u);
}

// What is full is the queue: deliveries go on, they make room.
struct FullDisk : Disk {
    void SetUp() override
    {
        if (const auto why = own_mounts(); !why.empty()) GTEST_SKIP() << "skipped: " << why;
        ASSERT_EQ(mount_tmpfs(home / "queue", "size=8m,nr_inodes=2000"), "");
        home.make_queue();
    }
    void TearDown() override { unmount(home / "queue"); }

    void fill() const
    {
        grapnel::Fd filler = grapnel::open_file(home / "queue/filler", O_WRONLY | O_CREAT, 0600);
        const std::string block(4096, 'x');
        while (::write(filler.get(), block.data(), block.size()) > 0) {}
    }
    void use_all_inodes() const
    {
        std::filesystem::create_directory(home / "queue/crowd");
        for (int i = 0;; ++i) {
            const auto name = home / ("queue/crowd/" + std::to_string(i));
            const grapnel::Fd file(::open(name.c_str(), O_WRONLY | O_CREAT, 0600));
            if (!file) return;
        }
    }
};

TEST_F(FullDisk, WithoutInodesTheClientWaitsForRoom)
{
    Instance mta(home, with_faults);
    use_all_inodes();
    const auto reply = deliver(mta);
    EXPECT_TRUE(reply.starts_with("452 4.3.1")) << reply;
    EXPECT_TRUE(home.queue_files().empty());
    std::filesystem::remove_all(home / "queue/crowd");
    EXPECT_TRUE(wait_until([&] { return deliver(mta).starts_with("250 "); }));
    EXPECT_TRUE(wait_for_maildir(maildir, 1)) << mta.log();
    EXPECT_TRUE(mta.stop()) << mta.log();
}

TEST_F(FullDisk, DeliveriesGoOn)
{
    Instance mta(home, with_faults);
    put_off(mta);
    fill();
    mta.alarm();
    EXPECT_TRUE(wait_for_maildir(maildir, 1)) << mta.log();
    EXPECT_TRUE(mta.wait_until_empty()) << mta.log();
    EXPECT_TRUE(mta.stop()) << mta.log();
}

TEST_F(FullDisk, AFailureWaitsForRoomAndIsNotTriedAgain)
{
    Instance mta(home, with_faults);
    dot_qmail("|test -e go || exit 111\n|echo no such person; exit 100\n", "waits");
    ASSERT_TRUE(deliver(mta, "joe-waits@here.example").starts_with("250 "));
    ASSERT_TRUE(mta.wait_for_log("deferral: ")) << mta.log();
    ASSERT_TRUE(wait_until([&] { return file_of("todo").empty(); })) << mta.log();
    spill(joe + "/go", "");
    fill();
    mta.alarm();
    ASSERT_TRUE(mta.wait_for_log("alert: unable to append to bounce message; HELP! sleeping..."))
        << mta.log();
    EXPECT_TRUE(file_of("local").empty() || slurp(file_of("local")).starts_with("T"));
    std::filesystem::remove(home / "queue/filler");
    EXPECT_TRUE(wait_for_maildir(maildir, 1)) << mta.log();   // joe is told
    EXPECT_EQ(mta.log_count("starting delivery "), 3u) << mta.log();
    EXPECT_TRUE(mta.wait_until_empty()) << mta.log();
    EXPECT_TRUE(mta.stop()) << mta.log();
}

// A first attempt, straight from todo, needs files when it fails: until there is room for them its
// message stays as it is, and is not tried again.
TEST_F(FullDisk, AFirstAttemptThatFailsWaitsForRoomToBeWrittenDown)
{
    Instance mta(home, with_faults);
    dot_qmail("|until test -e go; do sleep 0.02; done; exit 111\n", "waits");
    ASSERT_TRUE(deliver(mta, "joe-waits@here.example").starts_with("250 "));
    ASSERT_TRUE(mta.wait_for_log("starting delivery 1: ")) << mta.log();
    fill();
    spill(joe + "/go", "");
    ASSERT_TRUE(mta.wait_for_log("deferral: ")) << mta.log();
    ASSERT_TRUE(mta.wait_for_log("warning: ")) << mta.log();
    EXPECT_FALSE(file_of("todo").empty());
    mta.alarm();
    std::filesystem::remove(home / "queue/filler");
    EXPECT_TRUE(wait_until([&] { return file_of("todo").empty(); })) << mta.log();
    EXPECT_FALSE(file_of("info").empty());
    EXPECT_EQ(mta.log_count("failure: "), 0u);
    EXPECT_TRUE(mta.stop()) << mta.log();
}
