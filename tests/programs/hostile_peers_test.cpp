// Peers that do not keep to the protocol, or to any end: they cost themselves only.
#include "programs/pipeline.hpp"

#include "base/sys/file.hpp"
#include "base/text.hpp"

#include <fcntl.h>
#include <sys/socket.h>

using namespace grapnel::test;

struct HostilePeers : Pipeline {
    std::string deliver(const Instance& mta, const std::string& text = a_message())
    {
        return SmtpClient(mta.port()).deliver("", {"x@far.example"}, text);
    }

    // The most memory that a qmail-remote of ours ever had, in KiB.
    std::uint64_t peak_of_remote() const
    {
        std::uint64_t peak = 0;
        for (const auto& process : processes_with("QMAILHOME=" + home.path())) {
            if (process.name != "qmail-remote") continue;
            const auto status = slurp("/proc/" + std::to_string(process.pid) + "/status");
            const auto at = status.find("VmHWM:");
            if (at == std::string::npos) continue;
            peak = std::max(
                peak, grapnel::leading_number(grapnel::trim(status.substr(at + 6))).value_or(0));
        }
        return peak;
    }
};

TEST_F(HostilePeers, ARemoteThatTalksWithoutEndIsLeft)
{
    const std::string long_line = "250 " + std::string(10'000'000, 'x');
    std::string many_lines;
    for (int i = 0; i < 1'000'000; ++i) many_lines += "250-x\n";
    const std::vector<std::pair<const char*, const std::string&>> floods{
        {"", long_line}, {"EHLO", many_lines}, {"RCPT", long_line}, {".", many_lines}};
    for (const auto& [command, flood] : floods) {
        SmtpScript far({.rules = {{command, flood, After::hang}}});
        next_hop(far.route());
        Instance mta(home);
        ASSERT_TRUE(deliver(mta).starts_with("250 "));
        EXPECT_TRUE(mta.wait_for_log(": deferral: ")) << command << mta.log();
        EXPECT_EQ(mta.log_count("failure: "), 0u);
        EXPECT_LT(mta.log().size(), 20'000u);
#ifndef __SANITIZE_ADDRESS__
        EXPECT_LT(peak_of_remote(), 40'000u) << "KiB";
#endif
    }
}

TEST_F(HostilePeers, A250ToAMessageThatWasNotTakenWholeIsNoDelivery)
{
    // The answer comes before the message has been sent, and then the connection is cut.
    SmtpScript far({.rules = {{"DATA", "354 go\n250 ok, enough", After::cut}}});
    next_hop(far.route());
    Instance mta(home);
    ASSERT_TRUE(
        deliver(mta, "Subject: big\n\n" + std::string(8'000'000, 'x') + '\n').starts_with("250 "));
    EXPECT_TRUE(mta.wait_for_log(": deferral: ")) << mta.log();
    EXPECT_EQ(mta.log_count(": success: "), 0u);
}

TEST_F(HostilePeers, A354AndThenNothingIsTriedAgain)
{
    SmtpScript far({.rules = {{".", "", After::hang}}});
    next_hop(far.route());
    home.control("timeoutremote", "1");
    Instance mta(home);
    ASSERT_TRUE(deliver(mta).starts_with("250 "));
    EXPECT_TRUE(mta.wait_for_log(": deferral: Connected_to_127.0.0.1_but_connection_died."
                                 "_Possible_duplicate!_(#4.4.2)/"))
        << mta.log();
}

TEST_F(HostilePeers, ARemoteThatDoesNotReadIsLeft)
{
    SmtpScript far({.rules = {{"DATA", "354 go", After::hang}}});
    next_hop(far.route());
    home.control("timeoutremote", "1");
    Instance mta(home);
    ASSERT_TRUE(
        deliver(mta, "Subject: big\n\n" + std::string(8'000'000, 'x') + '\n').starts_with("250 "));
    EXPECT_TRUE(mta.wait_for_log(": deferral: Connected_to_127.0.0.1_but_connection_died."))
        << mta.log();
}

TEST_F(HostilePeers, AClientThatLeavesInAMessageLeavesNothing)
{
    for (const auto* queued : {"1", "0"}) {
        home.control("queued", queued);
        Instance mta(home);
        for (const bool half_open : {false, true}) {
            SmtpClient client(mta.port());
            client.command("EHLO c.example");
            client.command("MAIL FROM:<>");
            client.command("RCPT TO:<joe@here.example>");
            EXPECT_EQ(client.command("DATA"), "354 go ahead");
            client.send("Subject: half\r\n\r\n" + std::string(100'000, 'x') + "\r\n.\r");
            ASSERT_TRUE(wait_until([&] { return !home.queue_files().empty(); }));
            if (half_open)
                client.close_writing();
            else
                client.disconnect();
            EXPECT_TRUE(mta.wait_until_empty()) << home.queue_files().front();
            EXPECT_TRUE(!half_open || client.closed());
        }
        EXPECT_EQ(maildir_count(maildir), 0u);
    }
}

TEST_F(HostilePeers, AClientThatIsSilentInAMessageIsTimedOut)
{
    home.control("timeoutsmtpd", "1");
    Instance mta(home);
    SmtpClient client(mta.port());
    client.command("EHLO c.example");
    client.command("MAIL FROM:<>");
    client.command("RCPT TO:<joe@here.example>");
    EXPECT_EQ(client.command("DATA"), "354 go ahead");
    client.send("Subject: half\r\n");
    EXPECT_TRUE(client.reply().starts_with("421 4.4.2 "));
    EXPECT_TRUE(client.closed());
    EXPECT_TRUE(mta.wait_until_empty());
}

// It asks without end and reads no answer: it is timed out, its answers are not piled up.
TEST_F(HostilePeers, AClientThatDoesNotReadIsTimedOut)
{
    home.control("timeoutsmtpd", "1");
    Instance mta(home);
    const grapnel::Fd client = connect_to(mta.port());
    std::string helps;
    for (int i = 0; i < 1000; ++i) helps += "VRFY someone\r\n";
    EXPECT_TRUE(wait_until([&] {
        return ::send(client.get(), helps.data(), helps.size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0 &&
               errno != EAGAIN;
    }));
    EXPECT_TRUE(SmtpClient(mta.port()).greeting().starts_with("220 "));
}

// Nobody reads the server's log, or its reader is gone: sessions go on.
TEST_F(HostilePeers, AServerWhoseLogIsNotReadGoesOn)
{
    Instance mta(home, {.smtpd = false});
    for (const bool gone : {false, true}) {
        const auto port = free_port();
        auto pipe = grapnel::make_pipe();
        const grapnel::Fd nothing = grapnel::open_file("/dev/null", O_RDWR);
        Process server(
            {.argv = {home.program("qmail-smtpd"), "--workers", "1", "--listen",
                      "127.0.0.1:" + std::to_string(port)},
             .environment = home.environment(),
             .descriptors = {{0, nothing.get()}, {1, pipe.writer.get()}, {2, pipe.writer.get()}},
             .own_group = true});
        pipe.writer.reset();
        if (gone) pipe.reader.reset();
        // Far more lines than a pipe holds.
        for (int i = 0; i < 40; ++i) {
            SmtpClient client(port);
            client.command("EHLO c.example");
            for (int j = 0; j < 19; ++j)
                client.command("RCPT TO:<" + std::string(200, 'x') + "@elsewhere.example>");
        }
        EXPECT_TRUE(
            SmtpClient(port).deliver("", {"joe@here.example"}, a_message()).starts_with("250 "));
        server.kill(SIGTERM);
        EXPECT_TRUE(server.wait());
    }
    EXPECT_TRUE(wait_for_maildir(maildir, 2)) << mta.log();
}

// The same for the log of the daemons: a reader that never reads, and one that leaves at once.
TEST_F(HostilePeers, DaemonsWhoseLogIsNotReadGoOn)
{
    for (const auto& logger : {std::vector<std::string>{"sleep", "1000"}, {"true"}}) {
        std::vector<std::string> argv{home.program("qmail-start"), "./Maildir/"};
        argv.insert(argv.end(), logger.begin(), logger.end());
        Instance door(home, {.send = false});
        const grapnel::Fd nothing = grapnel::open_file("/dev/null", O_RDWR);
        Process send({.argv = argv,
                      .environment = home.environment(),
                      .descriptors = {{0, nothing.get()}, {1, nothing.get()}, {2, nothing.get()}},
                      .own_group = true});
        const auto before = maildir_count(maildir);
        const std::string address = "joe-" + std::string(60, 'y') + "@here.example";
        dot_qmail("./Maildir/\n", "default");
        for (std::size_t i = 1; i <= 200; ++i)
            ASSERT_TRUE(
                SmtpClient(door.port()).deliver("", {address}, a_message()).starts_with("250 "));
        EXPECT_TRUE(wait_for_maildir(maildir, before + 200));
        EXPECT_TRUE(door.wait_until_empty());
        send.kill(SIGTERM);
        const auto ending = send.wait();
        ASSERT_TRUE(ending);
        EXPECT_TRUE(ending->success());
    }
}
