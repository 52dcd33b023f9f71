// qmail-smtpd --listen with too little disk and with a slow one, and mail that flows again after
// that, without a restart.
#include "queue/queued_lab.hpp"
#include "support/instance.hpp"
#include "support/own_namespace.hpp"
#include "support/smtp_client.hpp"

#include "base/net/ip_address.hpp"
#include "base/sys/file.hpp"
#include "base/sys/limits.hpp"
#include "base/text.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/socket.h>
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
    EXPECT_TRUE(wait_until([&] { return deliver(instance).starts_with("452 4.3.1 "); }));
    EXPECT_TRUE(client.command("DATA").starts_with("452 4.3.1 "));
    EXPECT_NE(instance.smtpd_log().find("why=disk reply=452"), std::string::npos);
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

// A client who is not on this host: the address of another interface's.
class Stranger : public ::testing::Test {
protected:
    void start()
    {
        home.control("rcpthosts", "here.example");
        if (const auto why = own_network(); !why.empty()) GTEST_SKIP() << "skipped: " << why;
        if (!(run({.argv = {"ip", "address", "add", "192.0.2.9/32", "dev", "lo"},
                   .environment = home.environment()}) == 0))
            GTEST_SKIP() << "skipped: no second address";
        instance.emplace(home, InstanceOptions{.send = false,
                                               .smtpd_arguments = {"--listen", "192.0.2.9:0",
                                                                   "--workers", "2"}});
        constexpr std::string_view before = "listening on 192.0.2.9:";
        const auto log = instance->smtpd_log();
        port = static_cast<Port>(
            leading_number(log.substr(log.find(before) + before.size())).value_or(0));
    }

    // "" where it is not greeted.
    std::string greeting()
    {
        const auto address = net::to_socket_address({*net::IpAddress::parse("192.0.2.9"), port});
        Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(address.data()),
                      static_cast<socklen_t>(address.size())) != 0)
            return "";
        SmtpClient client(socket.get(), socket.get());
        sockets.push_back(std::move(socket));
        return client.greeting();
    }

    TempHome home;
    std::optional<Instance> instance;
    Port port = 0;
    std::vector<Fd> sockets;
};

TEST_F(Stranger, HasSoManyConnectionsInAllWorkers)
{
    home.control("maxconnip", "5");
    start();
    if (IsSkipped()) return;
    for (int i = 0; i < 5; ++i) EXPECT_EQ(greeting(), "220 here.example ESMTP");
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(greeting().starts_with("421 4.3.2 "));
    EXPECT_NE(instance->smtpd_log().find("turned away ip=192.0.2.9 why=maxconnip"),
              std::string::npos);
    std::vector<SmtpClient> ours;
    for (int i = 0; i < 10; ++i) ours.emplace_back(instance->port());
    for (const auto& client : ours) EXPECT_TRUE(client.greeting().starts_with("220 "));
    sockets.clear();
    EXPECT_TRUE(wait_until([&] { return greeting().starts_with("220 "); }));
}

TEST_F(Stranger, LeavesNothingBehindInAWorkerThatIsKilled)
{
    home.control("maxconnip", "2");
    start();
    if (IsSkipped()) return;
    for (int i = 0; i < 2; ++i) EXPECT_TRUE(greeting().starts_with("220 "));
    EXPECT_TRUE(greeting().starts_with("421 "));
    const auto workers = slurp("/proc/" + std::to_string(instance->smtpd().pid()) + "/task/" +
                               std::to_string(instance->smtpd().pid()) + "/children");
    for (const auto pid : split(trim(workers), ' '))
        ::kill(static_cast<pid_t>(leading_number(pid).value()), SIGKILL);
    EXPECT_TRUE(wait_until([&] { return greeting().starts_with("220 "); }));
}

TEST_F(Stranger, HasARateOfNewConnectionsInAllWorkers)
{
    home.control("maxconnip", "0");
    home.control("maxconnrate", "1 10");
    start();
    if (IsSkipped()) return;
    int greeted = 0;
    for (int i = 0; i < 40; ++i)
        if (greeting().starts_with("220 ")) ++greeted;
    EXPECT_GE(greeted, 10);
    EXPECT_LE(greeted, 15);
}

}
