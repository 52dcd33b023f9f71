// The built qmail-remote with MX lookups: a name server on a loopback port, hosts on port 25 of
// loopback addresses that control/notipme allows.
#include "remote/remote_program.hpp"

#include "support/fake_dns.hpp"

#include <gmock/gmock.h>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <iostream>
#include <thread>

using namespace grapnel::test;
using testing::AnyOf;
using testing::Contains;
using testing::Not;
using testing::StartsWith;
using std::string_literals::operator""s;

namespace {

// Greets each connection to ADDRESS:25 with one line and closes.
class Greeter {
public:
    Greeter(const std::string& address, std::string greeting) : greeting_(std::move(greeting))
    {
        listener_ = grapnel::Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const int on = 1;
        ::setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        sockaddr_in name{};
        name.sin_family = AF_INET;
        name.sin_port = htons(25);
        ::inet_pton(AF_INET, address.c_str(), &name.sin_addr);
        listening_ = ::bind(listener_.get(), static_cast<sockaddr*>(static_cast<void*>(&name)),
                            sizeof name) == 0 &&
                     ::listen(listener_.get(), 5) == 0;
        if (listening_) thread_ = std::thread([this] { serve(); });
    }
    ~Greeter()
    {
        stopping_ = true;
        if (thread_.joinable()) thread_.join();
    }
    bool listening() const { return listening_; }
    int greeted() const { return greeted_; }

private:
    void serve()
    {
        while (!stopping_) {
            if (!readable(listener_.get(), milliseconds(20))) continue;
            const grapnel::Fd client(::accept(listener_.get(), nullptr, nullptr));
            ++greeted_;
            const auto line = greeting_ + "\r\n";
            ::send(client.get(), line.data(), line.size(), MSG_NOSIGNAL);
            ::shutdown(client.get(), SHUT_WR);
            readable(client.get(), seconds(5));
        }
    }

    std::string greeting_;
    grapnel::Fd listener_;
    bool listening_ = false;
    std::atomic<bool> stopping_ = false;
    std::atomic<int> greeted_ = 0;
    std::thread thread_;
};

class MxTest : public RemoteProgram {
protected:
    MxTest() { home.control("resolver", dns.address()); }

    // Loopback addresses of this test process alone.
    std::string address(int host) const
    {
        const auto pid = ::getpid();
        return "127." + std::to_string(60 + host) + "." + std::to_string(pid / 250 % 250) + "." +
               std::to_string(1 + pid % 250);
    }
    // Host n of the domain, at preference 10 n.
    void add_host(int n)
    {
        const auto name = "mx" + std::to_string(n) + ".far.example";
        dns.add_mx("far.example", static_cast<unsigned>(10 * n), name).add_a(name, address(n));
        allowed += address(n) + "\n";
        home.control("notipme", allowed);
    }

    FakeDns dns;
    std::string allowed;
};

}

#define NEEDS_PORT_25(greeter)                                                                     \
    if (!(greeter).listening()) GTEST_SKIP() << "may not listen on port 25 here"

TEST_F(MxTest, TheNextHostIsTriedWhenOneWillNotTalk)
{
    add_host(1);
    add_host(2);
    Greeter first(address(1), "554 go away"), second(address(2), "421 busy");
    NEEDS_PORT_25(first);
    EXPECT_EQ(deliver(), "ZConnected to " + address(2) +
                             " but greeting failed.\nRemote host said: 421 busy\n\0"s);
    EXPECT_EQ(first.greeted(), 1);
}

TEST_F(MxTest, OnlyWhenAllHostsRefuseForGoodIsItForGood)
{
    add_host(1);
    add_host(2);
    Greeter first(address(1), "554 go away"), second(address(2), "521 never");
    NEEDS_PORT_25(first);
    EXPECT_EQ(deliver(), "DConnected to " + address(2) +
                             " but greeting failed.\nRemote host said: 521 never\n\0"s);
    add_host(3);   // nobody listens there
    EXPECT_THAT(deliver(), StartsWith("ZConnected to " + address(2)));
}

TEST_F(MxTest, NobodyListens)
{
    add_host(1);
    EXPECT_EQ(deliver(), "ZSorry, I wasn't able to establish an SMTP connection. (#4.4.1)\n\0"s);
    EXPECT_THAT(dns.questions(), Contains("MX far.example"));
}

TEST_F(MxTest, LoopbackByMxIsRefused)
{
    dns.add_mx("far.example", 10, "mx.far.example").add_a("mx.far.example", "127.0.0.1");
    EXPECT_THAT(deliver(), StartsWith("DSorry. Although I'm listed as a best-preference MX"));
}

TEST_F(MxTest, NoSuchDomainNullMxAndNoAddress)
{
    EXPECT_EQ(deliver(), "DSorry, I couldn't find any host named far.example. (#5.1.2)\n\0"s);
    dns.add_mx("far.example", 0, ".");
    EXPECT_EQ(deliver(), "DSorry, far.example says that it takes no mail. (#5.1.10)\n\0"s);
}

TEST_F(MxTest, ATextRecordOnlyIsNoMailDomain)
{
    dns.add_txt("far.example", "hello");
    EXPECT_EQ(deliver(), "DSorry, I couldn't find a mail exchanger or IP address. (#5.4.4)\n\0"s);
}

TEST_F(MxTest, FailingLookupsAreTriedLater)
{
    const auto later = "ZSorry, I couldn't find any host by that name. (#4.1.2)\n\0"s;
    dns.servfail("far.example");
    EXPECT_EQ(deliver(), later);
    home.control("resolver", "nonsense");
    EXPECT_THAT(deliver(), StartsWith("Z"));
}

TEST_F(MxTest, ASilentNameServerCostsTwentySecondsAtMost)
{
    dns.silence();
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(deliver(), "ZSorry, I couldn't find any host by that name. (#4.1.2)\n\0"s);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds(25));
}

TEST_F(MxTest, AnAliasLeadsOnButTheEnvelopeStays)
{
    dns.add_cname("far.example", "real.example")
        .add_mx("real.example", 10, "mx.real.example")
        .add_a("mx.real.example", address(1));
    home.control("notipme", address(1));
    Greeter host(address(1), "421 busy");
    NEEDS_PORT_25(host);
    EXPECT_THAT(deliver(), StartsWith("ZConnected to " + address(1)));
}

// RFC 6531 3.2: the DNS, and who knows no SMTPUTF8, get A-labels.
TEST_F(MxTest, ADomainBeyondAsciiIsLookedUpAndNamedInAscii)
{
    dns.add_mx("xn--bcher-kva.example", 10, "mx.far.example").add_a("mx.far.example", address(1));
    home.control("notipme", address(1));
    Greeter host(address(1), "421 busy");
    NEEDS_PORT_25(host);
    EXPECT_THAT(run_remote({"b\xc3\xbc"
                            "cher.example",
                            sender,
                            "r@b\xc3\xbc"
                            "cher.example"}),
                StartsWith("ZConnected to " + address(1)));
    EXPECT_THAT(run_remote({"b\xfc"
                            "cher.example",
                            sender,
                            "r@b\xfc"
                            "cher.example"}),
                StartsWith("DSorry, I couldn't find any host named"));
}

TEST_F(MxTest, HundredsOfRecordsAreRead)
{
    for (unsigned i = 1; i <= 300; ++i)
        dns.add_mx("far.example", i, "a-rather-long-name-" + std::to_string(i) + ".far.example");
    dns.add_a("a-rather-long-name-1.far.example", address(1));
    home.control("notipme", address(1));
    EXPECT_EQ(deliver(), "ZSorry, I wasn't able to establish an SMTP connection. (#4.4.1)\n\0"s);
    EXPECT_THAT(dns.questions(), Not(Contains("A a-rather-long-name-33.far.example")));
}

TEST_F(MxTest, ARelayIsLookedUpByItsAddressOnly)
{
    SmtpScript server;
    dns.add_a("relay.example", "127.0.0.1").add_mx("relay.example", 10, "other.example");
    home.control("smtproutes", ":relay.example:" + std::to_string(server.port()));
    EXPECT_THAT(deliver(), StartsWith("r\0K"s));
    EXPECT_THAT(dns.questions(), Not(Contains("MX relay.example")));
}

TEST_F(MxTest, ADeadHostIsSkippedByTheTable)
{
    add_host(1);
    Greeter host(address(1), "421 busy");
    NEEDS_PORT_25(host);
    const auto pid = ::getpid();
    std::string table(1024, '\0');
    const auto now = static_cast<unsigned>(std::time(nullptr));
    const std::array<int, 4> ip{127, 61, pid / 250 % 250, 1 + pid % 250};
    for (std::size_t i = 0; i < 4; ++i) {
        table[i] = static_cast<char>(ip[i]);
        table[8 + i] = static_cast<char>(now >> (8 * i));
    }
    table[4] = 2;
    home.write("queue/lock/tcpto", table);
    EXPECT_EQ(deliver(), "ZSorry, I wasn't able to establish an SMTP connection. (#4.4.1)\n\0"s);
    EXPECT_EQ(host.greeted(), 0);
    table[4] = 1;
    home.write("queue/lock/tcpto", table);
    EXPECT_THAT(deliver(), StartsWith("ZConnected to "));
    EXPECT_EQ(home.read("queue/lock/tcpto")[4], 0);   // it answered
}
