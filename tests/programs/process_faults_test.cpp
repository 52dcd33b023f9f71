// No process to be had, no memory, or a process that dies: what could not be done is done later,
// and nothing is used up by the attempt.
#include "programs/pipeline.hpp"

#include "support/faulty.hpp"

#include <csignal>
#include <stdexcept>

using namespace grapnel::test;

struct Processes : Pipeline {
    Faulty faulty;
    const InstanceOptions with_faults{.environment = faulty.environment()};

    std::string deliver(const Instance& mta, const std::string& recipient = "joe@here.example")
    {
        return SmtpClient(mta.port()).deliver("", {recipient}, a_message());
    }

    // A worker is the child of the listener, and its helper the child of the worker.
    pid_t worker(const Instance& mta) const
    {
        pid_t found = 0;
        wait_until([&] {
            for (const auto& process : processes_with("QMAILHOME=" + home.path()))
                if (process.name == "qmail-smtpd" &&
                    parent_of(process.pid) == const_cast<Instance&>(mta).smtpd().pid())
                    found = process.pid;
            return found != 0;
        });
        if (found == 0) throw std::runtime_error("qmail-smtpd has no worker");
        return found;
    }

    static pid_t parent_of(pid_t pid)
    {
        const auto text = slurp("/proc/" + std::to_string(pid) + "/stat");
        const auto at = text.rfind(") ");
        return at == std::string::npos ? 0 : std::stoi(text.substr(at + 4));
    }
};

TEST_F(Processes, WithoutAProcessALocalDeliveryIsPutOff)
{
    Instance mta(home, with_faults);
    const auto lspawn = process_of(home, "qmail-lspawn");
    ASSERT_TRUE(deliver(mta).starts_with("250 "));
    ASSERT_TRUE(wait_for_maildir(maildir, 1)) << mta.log();
    ASSERT_TRUE(mta.wait_until_empty());
    const auto before = descriptors_of(lspawn);
    faulty.fail("qmail-lspawn", {"fork"}, EAGAIN);
    for (std::size_t i = 1; i <= 20; ++i) {
        ASSERT_TRUE(deliver(mta).starts_with("250 "));
        ASSERT_TRUE(wait_until([&] {
            return mta.log_count("deferral: qmail-spawn_unable_to_fork._(#4.3.0)/") == i;
        })) << mta.log();
    }
    EXPECT_LE(descriptors_of(lspawn), before);
    faulty.heal();
    mta.alarm();
    EXPECT_TRUE(wait_for_maildir(maildir, 21)) << mta.log();
    EXPECT_EQ(mta.log_count("failure: "), 0u);
}

TEST_F(Processes, WithoutAProcessARemoteDeliveryIsPutOff)
{
    SmtpScript far;
    next_hop(far.route());
    Instance mta(home, with_faults);
    const auto rspawn = process_of(home, "qmail-rspawn");
    const auto before = descriptors_of(rspawn);
    faulty.fail("qmail-rspawn", {"fork"}, EAGAIN);
    for (std::size_t i = 1; i <= 20; ++i) {
        ASSERT_TRUE(deliver(mta, "x@far.example").starts_with("250 "));
        ASSERT_TRUE(wait_until([&] { return mta.log_count(": deferral: ") == i; })) << mta.log();
    }
    EXPECT_LE(descriptors_of(rspawn), before);
    faulty.heal();
    EXPECT_TRUE(wait_until([&] {
        mta.alarm();
        return far.messages().size() == 20;
    })) << mta.log();
    EXPECT_EQ(mta.log_count("failure: "), 0u);
}

TEST_F(Processes, WithoutAProcessForQmailQueueTheClientIsPutOff)
{
    home.control("queued", "0");
    Instance mta(home,
                 {.environment = faulty.environment(), .smtpd_arguments = {"--workers", "1"}});
    ASSERT_TRUE(deliver(mta).starts_with("250 "));
    const auto server = worker(mta);
    const auto before = descriptors_of(server);
    faulty.fail("qmail-smtpd", {"fork"}, EAGAIN);
    for (int i = 0; i < 20; ++i) {
        const auto reply = deliver(mta);
        EXPECT_TRUE(reply.starts_with("451 4.3.0 ")) << reply;
    }
    EXPECT_TRUE(wait_until([&] { return descriptors_of(server) <= before; }));
    faulty.heal();
    EXPECT_TRUE(deliver(mta).starts_with("250 "));
    EXPECT_EQ(worker(mta), server) << "it was replaced";
    EXPECT_TRUE(wait_for_maildir(maildir, 2)) << mta.log();
}

TEST_F(Processes, WithoutAProcessForAWorkerTheServerTriesAgain)
{
    Instance mta(home,
                 {.environment = faulty.environment(), .smtpd_arguments = {"--workers", "1"}});
    const auto server = worker(mta);
    const auto before = descriptors_of(mta.smtpd().pid());
    faulty.fail("qmail-smtpd", {"fork"}, EAGAIN);
    ::kill(server, SIGKILL);
    EXPECT_TRUE(
        wait_until([&] { return mta.smtpd_log().find("unable to fork") != std::string::npos; }));
    // A second later, then two: not as fast as it can.
    EXPECT_TRUE(wait_until([&] { return faulty.hits() == 2; }));
    EXPECT_LE(descriptors_of(mta.smtpd().pid()), before);
    faulty.heal();
    EXPECT_TRUE(deliver(mta).starts_with("250 "));
    EXPECT_TRUE(wait_for_maildir(maildir, 1)) << mta.log();
}

TEST_F(Processes, WithoutAProcessForABounceItIsSentLater)
{
    Instance mta(home, with_faults);
    faulty.fail("qmail-send", {"fork"}, EAGAIN);
    faulty.fail("submission-helper", {"fork"}, EAGAIN);
    SmtpClient(mta.port()).deliver("joe@here.example", {"nobody@here.example"}, a_message());
    ASSERT_TRUE(mta.wait_for_log("failure: ")) << mta.log();
    ASSERT_TRUE(mta.wait_for_log("warning: ")) << mta.log();
    EXPECT_EQ(maildir_count(maildir), 0u);
    faulty.heal();
    ASSERT_TRUE(mta.stop_send());
    mta.start_send();
    EXPECT_TRUE(wait_for_maildir(maildir, 1)) << mta.log();
    EXPECT_TRUE(mta.wait_until_empty());
}

// ENFILE: the limit of the whole machine, which no process can look up for itself.
TEST_F(Processes, WithoutAFileInTheWholeMachineMailWaits)
{
    SmtpScript far;
    next_hop(far.route());
    Instance mta(home, with_faults);
    ASSERT_TRUE(deliver(mta).starts_with("250 "));
    ASSERT_TRUE(wait_for_maildir(maildir, 1)) << mta.log();
    ASSERT_TRUE(mta.wait_until_empty());

    faulty.fail("qmail-queued", {"open"}, ENFILE);
    auto reply = deliver(mta);
    EXPECT_TRUE(reply.starts_with("451 ")) << reply;
    faulty.heal();
    faulty.fail("qmail-lspawn", {"open"}, ENFILE);
    faulty.fail("qmail-rspawn", {"open"}, ENFILE);
    EXPECT_TRUE(deliver(mta).starts_with("250 "));
    EXPECT_TRUE(deliver(mta, "x@far.example").starts_with("250 "));
    EXPECT_TRUE(wait_until([&] {
        return mta.log_count("deferral: qmail-spawn_unable_to_open_message._(#4.3.0)/") == 2;
    })) << mta.log();
    faulty.heal();
    faulty.fail("qmail-remote", {"socket"}, ENFILE);
    mta.alarm();
    EXPECT_TRUE(wait_until([&] { return mta.log_count("deferral: ") == 3; })) << mta.log();
    faulty.heal();
    mta.alarm();
    EXPECT_TRUE(far.wait_for_messages(1)) << mta.log();
    EXPECT_TRUE(wait_for_maildir(maildir, 2)) << mta.log();
    EXPECT_EQ(mta.log_count("failure: "), 0u) << mta.log();
}

TEST_F(Processes, WithoutAFileInTheWholeMachineCallersWaitAtTheDoor)
{
    Instance mta(home, with_faults);
    const auto before = faulty.hits();
    faulty.fail("qmail-smtpd", {"accept"}, ENFILE);
    const grapnel::Fd first = connect_to(mta.port());
    EXPECT_TRUE(wait_until([&] { return faulty.hits() > before + 5; }));
    faulty.heal();
    EXPECT_TRUE(deliver(mta).starts_with("250 "));
    EXPECT_TRUE(wait_for_maildir(maildir, 1)) << mta.log();
}

TEST_F(Processes, ADeliveryThatDiesIsPutOffAndTheLogSaysSo)
{
    dot_qmail("|test -e go || kill -9 $$\n./Maildir/\n", "dies");
    Instance mta(home);
    ASSERT_TRUE(deliver(mta, "joe-dies@here.example").starts_with("250 "));
    ASSERT_TRUE(mta.wait_for_log("deferral: ")) << mta.log();
    EXPECT_EQ(mta.log_count("crashed"), 1u) << mta.log();
    EXPECT_EQ(mta.log_count("failure: "), 0u);
    spill(joe + "/go", "");
    mta.alarm();
    EXPECT_TRUE(wait_for_maildir(maildir, 1)) << mta.log();
}

#ifndef __SANITIZE_ADDRESS__
// Too little address space for the next allocation of any size, then enough again.
TEST_F(Processes, WithoutMemoryMailIsPutOff)
{
    Instance mta(home, {.smtpd_arguments = {"--workers", "1"}});
    const auto limit = [&](const char* name, const std::string& bytes) {
        for (const auto& process : processes_with("QMAILHOME=" + home.path()))
            if (process.name == name)
                run({.argv = {"/usr/bin/prlimit", "--as=" + bytes + ':', "--pid",
                              std::to_string(process.pid)},
                     .environment = {"PATH=/usr/bin:/bin"}});
    };
    ASSERT_TRUE(deliver(mta).starts_with("250 "));
    for (const auto* name : {"qmail-smtpd", "qmail-queued"}) {
        limit(name, "4096");
        std::size_t answered = 0;
        for (int i = 0; i < 10; ++i) {
            SmtpClient client(mta.port());
            const auto reply = client.deliver(
                "", {"joe@here.example"}, "Subject: big\n\n" + std::string(2'000'000, 'x') + '\n');
            EXPECT_FALSE(reply.starts_with("5")) << reply;
            answered += reply.starts_with("250 ");
        }
        limit(name, "unlimited");
        EXPECT_TRUE(wait_until([&] { return deliver(mta).starts_with("250 "); })) << name;
        EXPECT_TRUE(mta.wait_until_empty()) << mta.log();
        std::printf("%s: %zu of 10 were taken all the same\n", name, answered);
    }
    EXPECT_EQ(mta.log_count("failure: "), 0u) << mta.log();
}

// What qmail-send cannot do without memory it does later, at the latest after a restart.
TEST_F(Processes, WithoutMemoryQmailSendLosesNothing)
{
    Instance mta(home);
    ASSERT_TRUE(deliver(mta).starts_with("250 "));
    ASSERT_TRUE(wait_for_maildir(maildir, 1)) << mta.log();
    const auto limit = [&](const std::string& bytes) {
        run({.argv = {"/usr/bin/prlimit", "--as=" + bytes + ':', "--pid",
                      std::to_string(mta.send().pid())},
             .environment = {"PATH=/usr/bin:/bin"}});
    };
    limit("4096");
    std::vector<std::string> many;
    for (int i = 0; i < 500; ++i) many.push_back("joe@here.example");
    for (std::size_t i = 0; i < 3; ++i)
        ASSERT_TRUE(SmtpClient(mta.port()).deliver("", {many}, a_message()).starts_with("250 "));
    ASSERT_TRUE(wait_until([&] {
        return !mta.send().running() || mta.log_count("warning: ") + mta.log_count("alert: ") > 0 ||
               maildir_count(maildir) == 1501;
    })) << mta.log();
    if (mta.send().running()) limit("unlimited");
    mta.revive();
    mta.alarm();
    EXPECT_TRUE(wait_for_maildir(maildir, 1501, seconds(120))) << maildir_count(maildir);
    EXPECT_EQ(mta.log_count("failure: "), 0u);
}
#endif
