// The built qmail-smtpd --listen: many clients, slow ones, dead workers, full tables, and its end.
#include "inject/capture.hpp"
#include "support/instance.hpp"
#include "support/ports.hpp"
#include "support/smtp_client.hpp"

#include <gtest/gtest.h>

#include <sys/resource.h>
#include <sys/socket.h>

#include <csignal>
#include <fstream>
#include <random>
#include <system_error>

#include "base/sys/file.hpp"
#include "base/sys/limits.hpp"
#include "base/text.hpp"

using namespace grapnel;
using namespace grapnel::test;

namespace {

std::optional<std::string> program(const std::string& name)
{
    for (const auto* folder : {"/usr/bin/", "/usr/local/bin/"})
        if (::access((folder + name).c_str(), X_OK) == 0) return folder + name;
    return std::nullopt;
}

class Server : public ::testing::Test {
protected:
    Server()
    {
        home.control("rcpthosts", "here.example");
        home.control("maxconnrate", "0 0");
    }

    Instance& start(std::vector<std::string> arguments = {},
                    std::vector<std::string> variables = {})
    {
        for (const auto& variable : capture.environment()) variables.push_back(variable);
        variables.push_back("CAPTURE_EXIT=0");
        instance.emplace(home, InstanceOptions{.send = false,
                                               .environment = variables,
                                               .smtpd_arguments = std::move(arguments)});
        return *instance;
    }
    Port port() { return instance->port(); }

    static std::string name_of(pid_t process)
    {
        return std::string(trim(slurp("/proc/" + std::to_string(process) + "/comm")));
    }
    // Without the one that reads certificates.
    std::vector<pid_t> children(pid_t of)
    {
        std::ifstream list("/proc/" + std::to_string(of) + "/task/" + std::to_string(of) +
                           "/children");
        std::vector<pid_t> found;
        for (pid_t one = 0; list >> one;)
            if (name_of(one) != "smtpd-keys") found.push_back(one);
        return found;
    }
    pid_t only_worker()
    {
        wait_until([&] { return !children(instance->smtpd().pid()).empty(); });
        return children(instance->smtpd().pid()).at(0);
    }
    bool is_shut()
    {
        try {
            connect_to(port());
            return false;
        } catch (const std::system_error&) {
            return true;
        }
    }
    bool delivers()
    {
        SmtpClient client(port());
        return client.deliver("a@b.example", {"joe@here.example"}, "Subject: x\n\nhi\n")
            .starts_with("250 2.0.0 ok ");
    }

    TempHome home;
    Capture capture;
    std::optional<Instance> instance;
};

TEST_F(Server, ManyClientsAtOnceInLittleMemory)
{
    constexpr std::size_t many = 1000;
    home.control("concurrencyincoming", "2000");
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_max < 1500) GTEST_SKIP() << "too few descriptors here";
    start({"--workers", "1"});
    const auto worker = only_worker();
    const auto resident = [&] {
        const auto status = slurp("/proc/" + std::to_string(worker) + "/status");
        return leading_number(trim(status.substr(status.find("RssAnon:") + 8))).value_or(0);
    };
    EXPECT_TRUE(delivers());
    const auto before = resident();
    std::vector<Fd> clients;
    for (std::size_t i = 0; i < many; ++i) clients.push_back(connect_to(port(), patience));
    for (const auto& client : clients) {
        char greeting[256];
        ASSERT_TRUE(readable(client.get(), patience));
        ASSERT_GT(::read(client.get(), greeting, sizeof greeting), 0);
        write_all(client.get(), "EHLO c.example\r\nMAIL FROM:<a@b.example>\r\n");
    }
    for (const auto& client : clients) {
        std::string got;
        while (got.find("2.1.0 ok") == std::string::npos) {
            char piece[512];
            ASSERT_TRUE(readable(client.get(), patience));
            const auto size = ::read(client.get(), piece, sizeof piece);
            ASSERT_GT(size, 0);
            got.append(piece, static_cast<std::size_t>(size));
        }
    }
    RecordProperty("KiB_a_connection", std::to_string((resident() - before) / many));
#ifndef __SANITIZE_ADDRESS__
    EXPECT_LT((resident() - before) / many, 16u);
#endif
    EXPECT_TRUE(delivers());
}

TEST_F(Server, ADeadWorkerIsReplaced)
{
    start({"--workers", "2"});
    ASSERT_TRUE(wait_until([&] { return children(instance->smtpd().pid()).size() == 2; }));
    const auto before = children(instance->smtpd().pid());
    for (const auto pid : before) ::kill(pid, SIGKILL);
    EXPECT_TRUE(wait_until([&] {
        const auto now = children(instance->smtpd().pid());
        return now.size() == 2 && now != before;
    }));
    EXPECT_TRUE(delivers());
    EXPECT_TRUE(instance->stop_smtpd());
}

TEST_F(Server, AHungWorkerIsReplaced)
{
    start({"--workers", "1"});
    ::kill(only_worker(), SIGSTOP);
    EXPECT_TRUE(wait_until(
        [&] { return instance->smtpd_log().find("does not answer") != std::string::npos; }));
    EXPECT_TRUE(delivers());
}

TEST_F(Server, WithoutItsHelperAMessageIsPutOffAndAnotherWorkerComes)
{
    start({"--workers", "1"});
    const auto worker = only_worker();
    SmtpClient client(port());
    client.command("EHLO c.example");
    client.command("MAIL FROM:<>");
    client.command("RCPT TO:<joe@here.example>");
    EXPECT_EQ(client.command("DATA"), "354 go ahead");
    ::kill(children(worker).at(0), SIGKILL);
    EXPECT_TRUE(client.command("x\r\n.").starts_with("451 4.3.0"));
    EXPECT_TRUE(client.closed());
    EXPECT_TRUE(
        wait_until([&] { return children(instance->smtpd().pid()) != std::vector{worker}; }));
    EXPECT_TRUE(delivers());
}

TEST_F(Server, SigtermWaitsForMessagesAndNoOneElse)
{
    start({"--workers", "1"});
    SmtpClient idle(port()), sending(port());
    idle.command("EHLO c.example");
    sending.command("EHLO c.example");
    sending.command("MAIL FROM:<>");
    sending.command("RCPT TO:<joe@here.example>");
    EXPECT_EQ(sending.command("DATA"), "354 go ahead");
    instance->smtpd().kill(SIGTERM);
    EXPECT_TRUE(idle.reply().starts_with("421 4.3.2"));
    EXPECT_TRUE(wait_until([&] { return is_shut(); }));
    EXPECT_TRUE(sending.command("x\r\n.").starts_with("250 2.0.0"));
    EXPECT_TRUE(sending.reply().starts_with("421 4.3.2"));
    sending.disconnect();
    idle.disconnect();
    const auto ending = instance->smtpd().wait();
    ASSERT_TRUE(ending);
    EXPECT_TRUE(ending->success());
}

TEST_F(Server, RulesAndNewSettingsCountForNewSessions)
{
    home.control("smtprules", "127.0.0.1:allow,RELAYCLIENT=\"\",QMAILQUEUE=\"/nonexistent\"");
    start({"--workers", "1"});
    {
        SmtpClient client(port());
        client.command("EHLO c.example");
        client.command("MAIL FROM:<a@b.example>");
        EXPECT_TRUE(client.command("RCPT TO:<x@elsewhere.example>").starts_with("250 2.1.5"));
        EXPECT_EQ(client.command("DATA"), "354 go ahead");
        EXPECT_EQ(client.command("x\r\n."), "451 4.3.0 unable to exec qq (#4.3.0)");
        home.control("smtprules", "127.:deny");
        EXPECT_TRUE(
            wait_until([&] { return SmtpClient(port()).greeting().starts_with("554 5.7.1"); }));
        EXPECT_TRUE(client.command("MAIL FROM:<a@b.example>")
                        .starts_with("250"));   // keeps what it began with
    }
    home.no_control("smtprules");
    home.no_control("me");
    EXPECT_TRUE(wait_until(
        [&] { return SmtpClient(port()).greeting().starts_with("421 unable to read controls"); }));
    home.control("me", "other.example");
    EXPECT_TRUE(
        wait_until([&] { return SmtpClient(port()).greeting() == "220 other.example ESMTP"; }));
}

TEST_F(Server, ConnectionsBeyondTheLimitAreToldAtTheDoor)
{
    home.control("concurrencyincoming", "2");
    start({"--workers", "1"});
    const SmtpClient one(port()), two(port());
    EXPECT_TRUE(SmtpClient(port()).greeting().starts_with("421 4.3.2 too many connections"));
}

TEST_F(Server, WhenItIsCrowdedWhoIsSilentGoesSoon)
{
    home.control("concurrencyincoming", "5");
    start({"--workers", "1"});
    SmtpClient idle(port()), sending(port());
    sending.command("EHLO c.example");
    sending.command("MAIL FROM:<>");
    sending.command("RCPT TO:<joe@here.example>");
    EXPECT_EQ(sending.command("DATA"), "354 go ahead");
    const SmtpClient third(port()), fourth(port());
    SmtpClient faulty(port());
    EXPECT_TRUE(faulty.command("X").starts_with("500 "));
    EXPECT_TRUE(faulty.command("X").starts_with("421 4.7.0 "));
    EXPECT_TRUE(idle.reply().starts_with("421 4.4.2"));
    EXPECT_TRUE(sending.reply().starts_with("421 4.4.2"));
}

TEST_F(Server, AClientWhoWaitsForHisGreetingDoesNotHoldUpTheEnd)
{
    home.control("greetdelay", "300");
    start({"--workers", "1"});
    const Fd client = connect_to(port(), patience);
    ASSERT_TRUE(
        wait_until([&] { return instance->smtpd_log().find("connect ip=") != std::string::npos; }));
    EXPECT_TRUE(instance->stop_smtpd());
}

TEST_F(Server, WithoutProcessesToMakeWorkersItTriesAgainLater)
{
#ifdef GRAPNEL_ADDRESS_SANITIZER
    GTEST_SKIP() << "an instrumented program makes calls of its own";
#endif
    const auto strace = program("strace");
    if (!strace) GTEST_SKIP() << "no strace here";
    const auto chosen = free_port();
    Process process(
        {.argv = {*strace, "-D", "-qq", "-o", home / "calls", "-e", "trace=clone,clone3,fork", "-e",
                  "inject=clone,clone3,fork:error=EAGAIN:when=1..2", home.program("qmail-smtpd"),
                  "--listen", "127.0.0.1:" + std::to_string(chosen), "--workers", "1"},
         .environment = home.environment(capture.environment())});
    EXPECT_EQ(SmtpClient(chosen).greeting(), "220 here.example ESMTP");   // 1 + 2 seconds later
    process.kill(SIGTERM);
    EXPECT_TRUE(process.wait());
    EXPECT_EQ(count_of("unable to fork: Resource temporarily unavailable", process.errors()), 2u)
        << process.errors();
}

TEST_F(Server, OutOfDescriptorsItSaysSo)
{
    const auto server = home / "server";
    spill(server, "#!/bin/sh\nulimit -n 40\nexec \"$@\"\n", 0755);
    auto variables = capture.environment();
    const auto chosen = free_port();
    Process process({.argv = {"/bin/sh", server, home.program("qmail-smtpd"), "--listen",
                              "127.0.0.1:" + std::to_string(chosen), "--workers", "1"},
                     .environment = home.environment(variables),
                     .own_group = true});
    std::vector<SmtpClient> clients;
    std::string last;
    for (int i = 0; i < 40 && !last.starts_with("421"); ++i) {
        clients.emplace_back(chosen);
        last = clients.back().greeting();
    }
    EXPECT_TRUE(last.starts_with("421 4.3.2 out of descriptors")) << last;
    clients.clear();
    EXPECT_TRUE(wait_until([&] { return SmtpClient(chosen).greeting().starts_with("220"); }));
    process.kill(SIGTERM);
    EXPECT_TRUE(process.wait());
}

TEST_F(Server, GroupsOfCommandsInAnyPieces)
{
    start({"--workers", "1"});
    const std::string group = "MAIL FROM:<a@b.example>\r\nRCPT TO:<joe@here.example>\r\nRCPT "
                              "TO:<x@no.example>\r\nRSET\r\nNOOP\r\n"
                              "MAIL FROM:<>\r\nRCPT TO:<joe@here.example>\r\nDATA\r\n";
    const std::string expected =
        "250 2.1.0 ok|250 2.1.5 ok|553 5.7.1 sorry, that domain isn't in my list of allowed "
        "rcpthosts (#5.7.1)|"
        "250 2.0.0 flushed|250 2.0.0 ok|250 2.1.0 ok|250 2.1.5 ok|354 go ahead|";
    std::mt19937 random(7);
    for (int round = 0; round < 20; ++round) {
        SmtpClient client(port());
        client.command("EHLO c.example");
        for (std::size_t at = 0; at < group.size();) {
            const std::size_t size = 1 + random() % 40;
            client.send(group.substr(at, size));
            at += size;
        }
        std::string got;
        for (int i = 0; i < 8; ++i) got += client.reply() + '|';
        ASSERT_EQ(got, expected);
        client.send(
            "Subject: x\r\n\r\nhi\r\n.\r\nMAIL FROM:<>\r\n");   // the next one may follow the dot
        EXPECT_TRUE(client.reply().starts_with("250 2.0.0 ok "));
        EXPECT_EQ(client.reply(), "250 2.1.0 ok");
    }
}

TEST_F(Server, ASlowClientIsTimedOutAndOthersAreNotHeldUp)
{
    home.control("timeoutsmtpd", "1");
    start({"--workers", "1"});
    SmtpClient slow(port());
    EXPECT_TRUE(delivers());
    EXPECT_TRUE(slow.reply().starts_with("421 4.4.2"));
    EXPECT_TRUE(slow.closed());
}

// Real clients.
TEST_F(Server, SwaksDelivers)
{
    const auto swaks = program("swaks");
    if (!swaks) GTEST_SKIP() << "no swaks here";
    start({"--workers", "1"});
    const auto result = run({{*swaks, "--server", "127.0.0.1:" + std::to_string(port()),
                              "--pipeline", "--from", "a@b.example", "--to", "joe@here.example"},
                             home.environment()});
    EXPECT_EQ(result.ending.code, 0) << result.output << result.errors;
    EXPECT_EQ(capture.take().size(), 1u);
}

TEST_F(Server, CurlDelivers)
{
    const auto curl = program("curl");
    if (!curl) GTEST_SKIP() << "no curl here";
    start({"--workers", "1"});
    const auto result =
        run({{*curl, "-sS", "smtp://127.0.0.1:" + std::to_string(port()), "--mail-from",
              "a@b.example", "--mail-rcpt", "joe@here.example", "-T", "-"},
             home.environment()},
            "Subject: x\r\n\r\n.dot\r\nlast\r\n");
    EXPECT_EQ(result.ending.code, 0) << result.errors;
    const auto got = capture.take();
    ASSERT_EQ(got.size(), 1u);
    EXPECT_TRUE(got[0].message.ends_with("\nSubject: x\n\n.dot\nlast\n")) << got[0].message;
}

TEST_F(Server, PythonDelivers)
{
    const auto python = program("python3");
    if (!python) GTEST_SKIP() << "no python3 here";
    start({"--workers", "1"});
    const std::string script =
        "import smtplib\n"
        "s = smtplib.SMTP('127.0.0.1', " +
        std::to_string(port()) +
        ", local_hostname='c.example')\n"
        "s.ehlo()\n"
        "assert s.has_extn('pipelining') and s.has_extn('size') and s.has_extn('8bitmime')\n"
        "for i in range(3):\n"
        "    s.sendmail('a@b.example', ['joe@here.example'], 'Subject: x\\n\\n' + 'long line ' * "
        "20000 + '\\n.\\n..\\n')\n"
        "s.quit()\n";
    const auto result = run({{*python, "-c", script}, home.environment()});
    EXPECT_EQ(result.ending.code, 0) << result.errors;
    EXPECT_EQ(capture.take().size(), 3u);
}

}
