// qmail-smtpd --listen with too little disk and with a slow one, and mail that flows again after
// that, without a restart.
#include "queue/queued_lab.hpp"
#include "support/instance.hpp"
#include "support/own_namespace.hpp"
#include "support/smtp_client.hpp"

#include "base/sys/file.hpp"
#include "base/sys/limits.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/statvfs.h>

#include <filesystem>
#include <system_error>

using namespace grapnel;
using namespace grapnel::test;

namespace {

std::string mail(SmtpClient& client, const std::string& parameters = "")
{
    client.command("EHLO c.example");
    return client.command("MAIL FROM:<a@b.example>" + parameters);
}

std::string deliver(const Instance& instance)
{
    return SmtpClient(instance.port())
        .deliver("a@b.example", {"joe@here.example"}, "Subject: x\n\nhi\n");
}

// A queue on a file system of its own.
class Disk : public ::testing::Test {
protected:
    void mount(const std::string& options)
    {
        home.control("rcpthosts", "here.example");
        if (const auto why = own_mounts(); !why.empty()) GTEST_SKIP() << "skipped: " << why;
        ASSERT_EQ(mount_tmpfs(home / "queue", options), "");
        home.make_queue();
    }
    ~Disk() override { unmount(home / "queue"); }

    void fill(std::uint64_t left) const
    {
        const Fd file = open_file(home / "queue/filler", O_WRONLY | O_CREAT, 0600);
        const std::string block(1 << 16, 'x');
        while (free_bytes() > left) write_all(file.get(), block);
    }
    std::uint64_t free_bytes() const
    {
        struct statvfs facts {};
        EXPECT_EQ(::statvfs((home / "queue").c_str(), &facts), 0);
        return facts.f_bavail * facts.f_frsize;
    }
    TempHome home;
};

TEST_F(Disk, NearlyFullItTakesWhatFitsAndThenNothing)
{
    mount("size=40m");
    if (IsSkipped() || HasFatalFailure()) return;
    const Instance instance(home, {.send = false, .smtpd_arguments = {"--workers", "1"}});
    fill(12 << 20);
    EXPECT_TRUE(deliver(instance).starts_with("250 "));
    SmtpClient client(instance.port());
    EXPECT_TRUE(mail(client, " SIZE=6000000").starts_with("452 4.3.1 "));
    EXPECT_EQ(mail(client, " SIZE=4000000"), "250 2.1.0 ok");
    client.command("RCPT TO:<joe@here.example>");
    fill(1 << 20);   // while this one waits
    EXPECT_TRUE(wait_until([&] {
        return deliver(instance).starts_with("452 4.3.1 the queue's disk is nearly full");
    }));
    const auto answer = client.command("DATA");
    EXPECT_TRUE(answer.starts_with("452 4.3.1 ")) << answer << instance.smtpd_log();
    EXPECT_TRUE(wait_until(
        [&] { return instance.smtpd_log().find("why=disk reply=452") != std::string::npos; }));
    std::filesystem::remove(home / "queue/filler");
    EXPECT_TRUE(deliver(instance).starts_with("250 "));
}

TEST_F(Disk, WithoutRoomForFilesItTakesNothing)
{
    mount("size=40m,nr_inodes=1200");
    if (IsSkipped() || HasFatalFailure()) return;
    const Instance instance(home, {.send = false});
    EXPECT_TRUE(deliver(instance).starts_with("250 "));
    for (int i = 0; i < 200; ++i) spill(home / ("queue/filler" + std::to_string(i)), "");
    EXPECT_TRUE(wait_until([&] { return deliver(instance).starts_with("452 4.3.1 "); }));
    for (int i = 0; i < 200; ++i)
        std::filesystem::remove(home / ("queue/filler" + std::to_string(i)));
    EXPECT_TRUE(deliver(instance).starts_with("250 "));
}

TEST_F(Disk, ASessionOfItsOwnLooksToo)
{
    mount("size=40m");
    if (IsSkipped() || HasFatalFailure()) return;
    fill(1 << 20);
    Process process({.argv = {home.program("qmail-smtpd")}, .environment = home.environment()});
    SmtpClient client(process.output_descriptor(), process.input());
    EXPECT_TRUE(mail(client).starts_with("452 4.3.1 "));
    std::filesystem::remove(home / "queue/filler");
    EXPECT_EQ(mail(client), "250 2.1.0 ok");
}

TEST(Overload, WhileTheDiskIsSlowOthersAreToldAndThenMailFlows)
{
#ifdef GRAPNEL_ADDRESS_SANITIZER
    GTEST_SKIP() << "an instrumented program makes calls of its own";
#endif
    std::optional<QueuedLab> lab;
    try {
        lab.emplace(std::vector<std::string>{"strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e",
                                             "trace=syncfs", "-e",
                                             "inject=syncfs:delay_enter=6s:when=1"});
    } catch (const std::exception& error) {
        GTEST_SKIP() << error.what();
    }
    lab->home.control("rcpthosts", "here.example");
    const Instance instance(lab->home, {.send = false, .smtpd_arguments = {"--workers", "1"}});
    const auto mail_of_another = [&] {
        SmtpClient another(instance.port());
        return mail(another);
    };
    SmtpClient first(instance.port());
    mail(first);
    first.command("RCPT TO:<joe@here.example>");
    EXPECT_EQ(first.command("DATA"), "354 go ahead");
    first.send("x\r\n.\r\n");
    EXPECT_EQ(mail_of_another(), "250 2.1.0 ok");
    EXPECT_TRUE(wait_until([&] { return mail_of_another().starts_with("451 4.3.2 "); }));
    EXPECT_TRUE(first.reply().starts_with("250 2.0.0 ok "));
    EXPECT_EQ(mail_of_another(), "250 2.1.0 ok");
    EXPECT_TRUE(deliver(instance).starts_with("250 "));
}

}
