// When the machine fails: the client hears 4xx, a delivery is deferred, and nothing is left behind.
#include "programs/pipeline.hpp"

#include "base/sys/file.hpp"
#include "support/fake_dns.hpp"
#include "support/own_namespace.hpp"

#include <fcntl.h>

#include <filesystem>

using namespace grapnel::test;

struct Faults : Pipeline {
    // A directory in the place of a file cannot be read, not even by root.
    void unreadable(const std::string& control) const
    {
        home.no_control(control);
        grapnel::make_directory(home / ("control/" + control), 0755);
    }

    // A one-shot qmail-smtpd; in front of it a program that sets limits.
    Process smtpd(std::vector<std::string> in_front = {}) const
    {
        in_front.push_back(home.program("qmail-smtpd"));
        return Process(
            {.argv = in_front,
             .environment = home.environment({"TCPREMOTEIP=127.0.0.1", "RELAYCLIENT="})});
    }

    Finished inject(const std::string& recipient) const
    {
        return run({.argv = {home.program("qmail-inject"), "-fjoe@here.example", recipient},
                    .environment = home.environment()},
                   a_message());
    }
};

TEST_F(Faults, AFileSizeLimitLikeAFullDisk)
{
    auto process = smtpd({"/usr/bin/prlimit", "--fsize=50000"});
    SmtpClient client(process.output_descriptor(), process.input());
    const auto reply = client.deliver("a@b.example", {"joe@here.example"},
                                      "Subject: x\n\n" + std::string(100000, 'x') + '\n');
    EXPECT_TRUE(reply.starts_with("45")) << reply;
    EXPECT_TRUE(home.queue_files().empty());
    EXPECT_TRUE(client.deliver("a@b.example", {"joe@here.example"}, "Subject: small\n\nx\n")
                    .starts_with("250 "));
}

TEST_F(Faults, AFullDiskAndTheSpaceThatComesBack)
{
    if (const auto why = own_mounts(); !why.empty()) GTEST_SKIP() << "skipped: " << why;
    ASSERT_EQ(mount_tmpfs(home / "queue", "size=8m"), "");
    home.make_queue();
    {
        Instance mta(home);
        grapnel::Fd filler = grapnel::open_file(home / "queue/filler", O_WRONLY | O_CREAT, 0600);
        const std::string block(4096, 'x');
        while (::write(filler.get(), block.data(), block.size()) > 0) {}
        filler.reset();
        SmtpClient client(mta.port());
        const auto reply = client.deliver("a@b.example", {"joe@here.example"}, a_message());
        EXPECT_TRUE(reply.starts_with("452 4.3.1")) << reply;
        EXPECT_TRUE(home.queue_files().empty());
        std::filesystem::remove(home / "queue/filler");
        client.command("RSET");
        EXPECT_TRUE(
            client.deliver("a@b.example", {"joe@here.example"}, a_message()).starts_with("250 "));
        EXPECT_TRUE(wait_for_maildir(maildir, 1));
        EXPECT_TRUE(mta.stop()) << mta.log();
    }
    unmount(home / "queue");
}

TEST_F(Faults, TooFewDescriptorsForDeliveries)
{
    // Enough to start, too few for a message, a pipe and a child; and again when there are more.
    TempHome tight;
    const auto ann = tight.user("ann");
    Instance mta(tight, {.smtpd = false});
    for (const auto& process : processes_with("QMAILHOME=" + tight.path()))
        if (process.name == "qmail-lspawn")
            run({.argv = {"/usr/bin/prlimit", "--nofile=4:", "--pid",
                          std::to_string(process.pid)}});
    run({.argv = {tight.program("qmail-inject"), "-fann@here.example", "ann"},
         .environment = tight.environment()},
        a_message());
    EXPECT_TRUE(mta.wait_for_log("deferral: ")) << mta.log();
    EXPECT_EQ(mta.log_count("failure: "), 0u) << mta.log();
    for (const auto& process : processes_with("QMAILHOME=" + tight.path()))
        if (process.name == "qmail-lspawn")
            run({.argv = {"/usr/bin/prlimit", "--nofile=1024:", "--pid",
                          std::to_string(process.pid)}});
    mta.alarm();
    EXPECT_TRUE(wait_for_maildir(ann + "/Maildir", 1)) << mta.log();
}

TEST_F(Faults, TooFewDescriptorsForConnections)
{
    Instance mta(home);
    for (const auto& process : processes_with("QMAILHOME=" + home.path()))
        if (process.name == "qmail-smtpd")
            run({.argv = {"/usr/bin/prlimit", "--nofile=40:", "--pid",
                          std::to_string(process.pid)}});
    {
        std::vector<grapnel::Fd> many;
        for (int i = 0; i < 200; ++i) many.push_back(connect_to(mta.port()));
    }
    EXPECT_TRUE(wait_until([&] {
        return SmtpClient(mta.port())
            .deliver("a@b.example", {"joe@here.example"}, a_message())
            .starts_with("250 ");
    }));
    EXPECT_TRUE(wait_for_maildir(maildir, 1)) << mta.log();
}

TEST_F(Faults, NoProcessForAMessage)
{
    // The program that takes messages is gone: exit 120 of who should have become it.
    std::filesystem::remove(home.program("qmail-queue"));
    auto process = smtpd();
    SmtpClient client(process.output_descriptor(), process.input());
    const auto reply = client.deliver("a@b.example", {"joe@here.example"}, a_message());
    EXPECT_TRUE(reply.starts_with("451 ") &&
                reply.find("unable to exec qq (#4.3.0)") != std::string::npos)
        << reply;
}

TEST_F(Faults, UnreadableControlFilesStopSmtpd)
{
    for (const auto* name : {"me", "rcpthosts", "badmailfrom", "databytes"}) {
        unreadable(name);
        auto process = smtpd();
        SmtpClient client(process.output_descriptor(), process.input());
        EXPECT_TRUE(client.greeting().starts_with("421 ")) << name << ": " << client.greeting();
        EXPECT_NE(client.greeting().find("unable to read controls (#4.3.0)"), std::string::npos)
            << name;
        EXPECT_NE(process.wait()->code, 0);
        home.no_control(name);
        home.control("me", "here.example");
    }
}

TEST_F(Faults, UnreadableControlFilesStopSend)
{
    for (const auto* name :
         {"me", "locals", "virtualdomains", "concurrencylocal", "queuelifetime"}) {
        unreadable(name);
        const grapnel::Fd log =
            grapnel::open_file(home / "send.log", O_RDWR | O_CREAT | O_TRUNC, 0644);
        Process send({.argv = {home.program("qmail-start"), "./Maildir/"},
                      .environment = home.environment(),
                      .descriptors = {{0, log.get()}, {1, log.get()}, {2, log.get()}},
                      .own_group = true});
        const auto ending = send.wait();
        ASSERT_TRUE(ending) << name;
        EXPECT_EQ(ending->code, 111) << name;
        EXPECT_NE(home.read("send.log").find("alert: cannot start: unable to read controls\n"),
                  std::string::npos)
            << name << home.read("send.log");
        home.no_control(name);
        home.control("me", "here.example");
    }
}

TEST_F(Faults, UnreadableControlFilesDeferRemoteMailAndStopInject)
{
    unreadable("smtproutes");
    Instance mta(home, {.smtpd = false});
    EXPECT_EQ(inject("x@far.example").ending.code, 0);
    EXPECT_TRUE(mta.wait_for_log("deferral: Unable_to_read_control_files._(#4.3.0)/")) << mta.log();
    unreadable("defaultdomain");
    EXPECT_EQ(inject("x@far.example").ending.code, 111);
}

TEST_F(Faults, UsersCdbThatCannotBeReadDefers)
{
    Instance mta(home, {.smtpd = false});
    std::filesystem::remove(home / "users/cdb");
    grapnel::make_directory(home / "users/cdb", 0755);
    inject("joe");
    EXPECT_TRUE(mta.wait_for_log("deferral: Trouble_reading_users/cdb_in_qmail-lspawn./"))
        << mta.log();
    std::filesystem::remove(home / "users/cdb");
    home.user("ann");
    mta.alarm();
    EXPECT_TRUE(wait_for_maildir(maildir, 1)) << mta.log();
}

TEST_F(Faults, WithoutUsersCdbTheAliasUserDecides)
{
    std::filesystem::remove(home / "users/cdb");
    home.write("alias/.qmail-jack-of-all", "&joe-found@far.example\n", 0600);
    SmtpScript far;
    next_hop(far.route());
    Instance mta(home, {.smtpd = false});
    inject("jack-of-all");
    EXPECT_TRUE(far.wait_for_messages(1)) << mta.log();
    inject("jack-of-none");
    EXPECT_TRUE(mta.wait_for_log("failure: Sorry,_no_mailbox_here_by_that_name._(#5.1.1)/"))
        << mta.log();
}

TEST_F(Faults, NoAnswerAndNoSenseFromTheDnsDefer)
{
    FakeDns dns;
    dns.servfail("broken.example")
        .bogus("bogus.example")
        .add_mx("sound.example", 0, "bogus.host.example")
        .bogus("bogus.host.example")
        .truncated("cut.example")
        .add_mx("null.example", 0, ".")
        .add_a("empty.example.example", "127.0.0.1");
    home.control("resolver", dns.address());
    Instance mta(home, {.smtpd = false});
    inject("x@broken.example");
    EXPECT_TRUE(
        mta.wait_for_log("deferral: Sorry,_I_couldn't_find_any_host_by_that_name._(#4.1.2)/"))
        << mta.log();
    inject("x@not-there.example");
    EXPECT_TRUE(mta.wait_for_log(
        "failure: Sorry,_I_couldn't_find_any_host_named_not-there.example._(#5.1.2)/"))
        << mta.log();
    inject("x@null.example");
    EXPECT_TRUE(wait_until([&] { return mta.log_count("failure: ") == 2; })) << mta.log();
    const auto deferred = [&](std::size_t count) {
        const std::string why = "deferral: Sorry,_I_couldn't_find_any_host_by_that_name._(#4.1.2)/";
        return wait_until([&] { return mta.log_count(why) == count; }, seconds(90));
    };
    // The signatures of the domain are wrong; or those of its host; or the answer comes half.
    inject("x@bogus.example");
    EXPECT_TRUE(deferred(2)) << mta.log();
    inject("x@sound.example");
    EXPECT_TRUE(deferred(3)) << mta.log();
    inject("x@cut.example");
    EXPECT_TRUE(deferred(4)) << mta.log();
    dns.silence();
    inject("x@quiet.example");
    EXPECT_TRUE(deferred(5)) << mta.log();
    EXPECT_EQ(mta.log_count("failure: "), 2u) << mta.log();
}

TEST_F(Faults, ASecondSendIsRefused)
{
    Instance mta(home, {.smtpd = false});
    const grapnel::Fd log = grapnel::open_file(home / "second.log", O_RDWR | O_CREAT, 0644);
    Process second({.argv = {home.program("qmail-start"), "./Maildir/"},
                    .environment = home.environment(),
                    .descriptors = {{0, log.get()}, {1, log.get()}, {2, log.get()}},
                    .own_group = true});
    const auto ending = second.wait();
    ASSERT_TRUE(ending);
    EXPECT_EQ(ending->code, 111);
    EXPECT_TRUE(
        home.read("second.log").ends_with("alert: cannot start: qmail-send is already running\n"))
        << home.read("second.log");
    EXPECT_TRUE(mta.stop());
}
