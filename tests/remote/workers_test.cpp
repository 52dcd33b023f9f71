// qmail-rspawn and the qmail-remotes that work for it for a long time.
#include "remote/rspawn_lab.hpp"
#include "support/fake_dns.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <set>
#include <thread>

using namespace grapnel::test;
using namespace std::string_literals;

namespace {

class Workers : public RspawnLab {
protected:
    void put_program(const std::string& source)
    {
        const auto path = home_.program("qmail-remote");
        std::filesystem::remove(path);
        if (source.starts_with("#!"))
            spill(path, source, 0755);
        else
            std::filesystem::create_symlink(source, path);
    }
};

}

TEST_F(Workers, OneProcessMakesManyDeliveries)
{
    const SmtpScript server;
    route_to(server);
    std::set<pid_t> seen;
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(deliver(), accepted);
        for (const auto pid : remotes()) seen.insert(pid);
    }
    ASSERT_EQ(seen.size(), 1u);
    EXPECT_THAT(slurp("/proc/" + std::to_string(*seen.begin()) + "/status"),
                testing::HasSubstr("NoNewPrivs:\t1"));
    EXPECT_EQ(server.messages(), std::vector<std::string>(5, message));
    EXPECT_EQ(process_->wait()->code, 0);
    EXPECT_TRUE(remotes().empty());
}

TEST_F(Workers, ManyDeliveriesAtOnceShareFewProcesses)
{
    const SmtpScript server({.rules = {{"MAIL", "250 fine", After::go_on, milliseconds(300)}}});
    route_to(server);
    for (unsigned number = 0; number < 60; ++number) ask(number);
    std::set<unsigned> done;
    for (const auto& report : reports())
        if (report.letter + report.text == accepted) done.insert(report.number);
    EXPECT_EQ(done.size(), 60u);
    EXPECT_EQ(server.messages().size(), 60u);
    EXPECT_LE(remotes().size(), 2 * std::max(1u, std::thread::hardware_concurrency()));
}

TEST_F(Workers, AnEditedControlFileCountsForTheNextDelivery)
{
    const SmtpScript here, there;
    for (std::size_t round = 1; round <= 20; ++round) {
        for (const auto* server : {&here, &there}) {
            route_to(*server);
            EXPECT_EQ(deliver(), accepted);
            EXPECT_EQ(server->messages().size(), round);
        }
    }
    EXPECT_EQ(remotes().size(), 1u);
    const auto me = home_.read("control/me");
    home_.no_control("me");
    EXPECT_EQ(deliver(), "ZUnable to read control files. (#4.3.0)\n");
    home_.control("me", me);
    EXPECT_EQ(deliver(), accepted);
}

TEST_F(Workers, ThoseThatDieTakeNobodyElseAlong)
{
    const SmtpScript silent({.rules = {{"MAIL", "", After::hang}}}), server;
    route_to(silent);
    ask(1);
    ask(2);
    ASSERT_TRUE(wait_until([&] {
        const auto sessions = silent.sessions();
        return std::count_if(sessions.begin(), sessions.end(),
                             [](const auto& session) { return session.commands.size() == 2; }) == 2;
    }));
    ASSERT_EQ(remotes().size(), 1u);
    ::kill(remotes().front(), SIGSEGV);
    for (const auto& report : reports())
        EXPECT_EQ(report.letter + report.text, "Zqmail-remote crashed.\n");
    route_to(server);
    EXPECT_EQ(deliver(), accepted);
    ask(3, "other@far.example");
    EXPECT_EQ(last_text(), accepted);
}

TEST_F(Workers, ManyLookupsAtOnceEachGetTheirOwnAnswer)
{
    FakeDns dns;
    const SmtpScript odd, even;
    std::string routes;
    for (unsigned i = 0; i < 40; ++i) {
        const auto n = std::to_string(i);
        if (i % 10 != 9) dns.add_a("relay" + n + ".dns.example", "127.0.0.1");
        routes += "d" + n + ".example:relay" + n +
                  ".dns.example:" + std::to_string((i % 2 == 0 ? even : odd).port()) + "\n";
    }
    home_.control("resolver", dns.address());
    home_.control("smtproutes", routes);
    for (unsigned i = 0; i < 40; ++i) ask(i, "r@d" + std::to_string(i) + ".example");
    for (const auto& report : reports())
        EXPECT_EQ(report.letter, report.number % 10 == 9 ? 'D' : 'K')
            << report.number << report.text;
    EXPECT_EQ(even.messages().size(), 20u);
    EXPECT_EQ(odd.messages().size(), 16u);
}

TEST_F(Workers, WhatTheDnsSaidIsRemembered)
{
    FakeDns dns;
    const SmtpScript server;
    dns.add_a("relay.dns.example", "127.0.0.1");
    home_.control("resolver", dns.address());
    home_.control("smtproutes", ":relay.dns.example:" + std::to_string(server.port()));
    EXPECT_EQ(deliver(), accepted);
    const auto asked = dns.questions().size();
    EXPECT_EQ(deliver(), accepted);
    EXPECT_EQ(dns.questions().size(), asked);

    dns.servfail("broken.dns.example");
    home_.control("smtproutes", "broken.example:broken.dns.example\n:relay.dns.example:" +
                                    std::to_string(server.port()));
    ask(1, "r@broken.example");
    EXPECT_EQ(last_text(), "ZSorry, I couldn't find any host by that name. (#4.1.2)\n");
    EXPECT_EQ(deliver(), accepted);
}

TEST_F(Workers, AScriptIsNeverStartedButForADelivery)
{
    put_program(
        "#!/bin/sh\nprintf '%s ' \"$@\" >>\"$QMAILHOME/arguments\"\nprintf 'Kscript\\n\\0'\n");
    EXPECT_EQ(deliver(), "Kscript\n");
    EXPECT_EQ(home_.read("arguments"), "far.example s@here.example r@far.example ");
}

TEST_F(Workers, AProgramThatIsNotOursGetsAProcessForEachDelivery)
{
    put_program("/bin/true");
    EXPECT_EQ(deliver(), "Zqmail-remote produced no output.\n");
    EXPECT_EQ(deliver(), "Zqmail-remote produced no output.\n");
    process_->wait();
    const auto& said = process_->errors();
    const auto first = said.find("one process for each delivery");
    EXPECT_NE(first, std::string::npos) << said;
    EXPECT_EQ(said.find("one process", first + 1), std::string::npos) << said;
}

TEST_F(Workers, AnotherProgramInItsPlaceIsUsedAtOnce)
{
    const SmtpScript server;
    route_to(server);
    const auto ours = std::filesystem::read_symlink(home_.program("qmail-remote"));
    EXPECT_EQ(deliver(), accepted);
    const auto first = remotes();
    put_program("#!/bin/sh\nprintf 'Dscript\\n\\0'\n");
    EXPECT_EQ(deliver(), "Dscript\n");
    put_program(ours);
    EXPECT_EQ(deliver(), accepted);
    EXPECT_EQ(deliver(), accepted);
    EXPECT_TRUE(wait_until([&] { return remotes().size() == 1 && remotes() != first; }));
}

TEST_F(Workers, AnAddressThatFitsNoPacketIsDeliveredAllTheSame)
{
    const SmtpScript server;
    route_to(server);
    const auto recipient = std::string(50000, 'x') + "@" + std::string(9000, 'y');
    ask(0, recipient);
    EXPECT_THAT(last_text(), testing::StartsWith("K"));
    ASSERT_EQ(server.sessions().size(), 1u);
    EXPECT_EQ(server.sessions()[0].commands[2], "RCPT TO:<" + recipient + ">");
}

TEST_F(Workers, ByHandTheWordOfAWorkerIsAWrongCommandLine)
{
    const auto finished = run({{home_.program("qmail-remote"), "--worker"}, home_.environment()});
    EXPECT_EQ(finished.ending.code, 0);
    EXPECT_EQ(finished.output, "DI (qmail-remote) was invoked improperly. (#5.3.5)\n\0"s);
}
