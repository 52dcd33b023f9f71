// qmail-smtpd --listen and a client who is not on this host: what he may have in all workers
// together, and his name.
#include "support/fake_dns.hpp"
#include "support/instance.hpp"
#include "support/own_namespace.hpp"
#include "support/smtp_client.hpp"

#include "base/net/ip_address.hpp"
#include "base/text.hpp"

#include <gtest/gtest.h>

#include <sys/socket.h>

#include <cerrno>
#include <csignal>
#include <system_error>

using namespace grapnel;
using namespace grapnel::test;

namespace {

// A client who is not on this host: the address of another interface's.
class Stranger : public ::testing::Test {
protected:
    void SetUp() override
    {
        if (const auto why = own_network(); !why.empty()) GTEST_SKIP() << "skipped: " << why;
        if (!(run({.argv = {"ip", "address", "add", "192.0.2.9/32", "dev", "lo"},
                   .environment = home.environment()}) == 0))
            GTEST_SKIP() << "skipped: no second address";
    }

    void start()
    {
        home.control("rcpthosts", "here.example");
        instance.emplace(home, InstanceOptions{.send = false,
                                               .smtpd_arguments = {"--listen", "192.0.2.9:0",
                                                                   "--workers", "2"}});
        constexpr std::string_view before = "listening on 192.0.2.9:";
        std::string log;
        ASSERT_TRUE(wait_until([&] {
            log = instance->smtpd_log();
            const auto at = log.find(before);
            return at != std::string::npos && log.find('\n', at) != std::string::npos;
        }));
        port = static_cast<Port>(
            leading_number(log.substr(log.find(before) + before.size())).value_or(0));
    }

    std::string greeting() { return client().greeting(); }
    SmtpClient client()
    {
        const auto address = net::to_socket_address({*net::IpAddress::parse("192.0.2.9"), port});
        Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(address.data()),
                      static_cast<socklen_t>(address.size())) != 0)
            throw std::system_error(errno, std::generic_category(), "unable to connect");
        sockets.push_back(std::move(socket));
        return {sockets.back().get(), sockets.back().get()};
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
    for (int i = 0; i < 5; ++i) EXPECT_EQ(greeting(), "220 here.example ESMTP");
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(greeting().starts_with("421 4.3.2 "));
    EXPECT_TRUE(wait_until([&] {
        return instance->smtpd_log().find("turned away ip=192.0.2.9 why=maxconnip") !=
               std::string::npos;
    }));
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
    int greeted = 0;
    for (int i = 0; i < 40; ++i)
        if (greeting().starts_with("220 ")) ++greeted;
    EXPECT_GE(greeted, 10);
    EXPECT_LE(greeted, 15);
}

TEST_F(Stranger, IsKnownByAnAddressThatLeadsBackToIt)
{
    FakeDns dns;
    dns.add_ptr("9.2.0.192.in-addr.arpa", "mail.good.example")
        .add_a("mail.good.example", "192.0.2.9");
    home.control("resolver", dns.address());
    home.control("smtprules", "=.good.example:allow,RELAYCLIENT=\"\"\n:deny");
    start();
    auto known = client();
    EXPECT_EQ(known.greeting(), "220 here.example ESMTP");
    known.command("EHLO c.example");
    known.command("MAIL FROM:<a@b.example>");
    EXPECT_TRUE(known.command("RCPT TO:<x@elsewhere.example>").starts_with("250 "));
    EXPECT_EQ(known.command("DATA"), "354 go ahead");
    EXPECT_TRUE(known.command("x\r\n.").starts_with("250 "));
    std::string stored;
    for (const auto& file : home.queue_files()) stored += home.read("queue/" + file);
    EXPECT_NE(stored.find("(mail.good.example [192.0.2.9])"), std::string::npos) << stored;
    EXPECT_TRUE(wait_until([&] {
        return instance->smtpd_log().find("host=mail.good.example relay=yes") != std::string::npos;
    }));
}

TEST_F(Stranger, IsNotWhoItClaimsToBe)
{
    FakeDns dns;
    dns.add_ptr("9.2.0.192.in-addr.arpa", "mail.good.example")
        .add_a("mail.good.example", "192.0.2.1");
    home.control("resolver", dns.address());
    home.control("smtprules", "=.good.example:allow,RELAYCLIENT=\"\"\n:deny");
    start();
    EXPECT_TRUE(greeting().starts_with("554 5.7.1 "));
}

TEST_F(Stranger, IsPutOffWhereHisNameMattersAndCannotBeFound)
{
    FakeDns dns;
    dns.silence();
    home.control("resolver", dns.address());
    home.control("lookuptime", "1");
    home.control("smtprules", "=.good.example:allow\n:deny");
    start();
    EXPECT_TRUE(greeting().starts_with("421 4.4.3 "));
    home.control("smtprules", ":allow");
    EXPECT_TRUE(wait_until([&] { return greeting() == "220 here.example ESMTP"; }));
    EXPECT_TRUE(wait_until([&] {
        return instance->smtpd_log().find("ip=192.0.2.9 host=unknown") != std::string::npos;
    }));
}

TEST_F(Stranger, IsNotAskedForWhereNothingDependsOnIt)
{
    const FakeDns dns;
    home.control("resolver", dns.address());
    start();
    EXPECT_EQ(greeting(), "220 here.example ESMTP");
    EXPECT_TRUE(dns.questions().empty());
}

}
