// What DNSSEC proves, of a zone signed on the spot; and a message that demands it (RFC 8689).
#include "base/net/loop.hpp"
#include "remote/rspawn_lab.hpp"
#include "support/fake_dns.hpp"
#include "support/zone_key.hpp"

#include "base/net/dns.hpp"

#include <gmock/gmock.h>

using namespace grapnel;
using namespace grapnel::test;
using testing::HasSubstr;

namespace {

net::DnsAnswer<net::MxRecord> mx_of(const std::string& domain, const FakeDns& server,
                                    std::vector<std::string> anchors)
{
    net::DnsAnswer<net::MxRecord> answer;
    net::run_until_done([&]() -> boost::asio::awaitable<void> {
        const auto executor = co_await net::this_executor();
        const auto dns = net::make_dns(executor, {server.address()}, std::move(anchors));
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        answer = co_await dns->mx(domain, deadline);
    });
    return answer;
}

struct Proof : RspawnLab {
    FakeDns dns;
    ZoneKey key{"signed.example"};

    Proof()
    {
        key.sign_mx(dns, 10, "mx.plain.example");
        dns.add_mx("plain.example", 10, "mx.plain.example");
        // Nobody is there: what comes is a word about the connection.
        dns.add_a("mx.plain.example", "127.9.8.7");
        home_.control("resolver", dns.address());
        home_.control("notipme", "127.9.8.7");
        home_.control("timeoutconnect", "5");
        home_.control("trustanchors", key.anchor());
    }

    std::string deliver_to(const std::string& domain, const std::string& records,
                           const std::string& from = "s@here.example")
    {
        process_->write(queue::encode(queue::question()));
        queue::Job job{1, name_, from, "r@" + domain};
        job.records = records;
        process_->write(queue::encode(job));
        process_->wait_for_output("(#");
        return process_->output();
    }
};

const std::string unreachable = "Sorry, I wasn't able to establish an SMTP connection. (#4.4.1)";

}

TEST_F(Proof, IsThereWhereTheZoneIsSignedByAKeyThatIsTrusted)
{
    const auto answer = mx_of("signed.example", dns, {key.anchor()});
    EXPECT_EQ(answer.outcome, net::DnsOutcome::found);
    EXPECT_TRUE(answer.secure);
    EXPECT_FALSE(mx_of("signed.example", dns, {}).secure);
    const auto plain = mx_of("plain.example", dns, {key.anchor()});
    EXPECT_EQ(plain.outcome, net::DnsOutcome::found);
    EXPECT_FALSE(plain.secure);
    const ZoneKey other("signed.example");
    EXPECT_EQ(mx_of("signed.example", dns, {other.anchor()}).outcome, net::DnsOutcome::failed)
        << "bogus";
}

TEST_F(Proof, IsWantedOfMxRecordsForAMessageThatDemandsTls)
{
    EXPECT_THAT(deliver_to("plain.example", "requiretls=1"),
                HasSubstr("DThe sender demands TLS all the way, but nothing proves who takes mail "
                          "for plain.example: its MX records are not signed. (#5.7.30)"));
}

TEST_F(Proof, LetsTheMessageGo)
{
    EXPECT_THAT(deliver_to("signed.example", "requiretls=1"), HasSubstr(unreachable));
}

TEST_F(Proof, IsNotNeededForADomainThatIsAHostItself)
{
    EXPECT_THAT(deliver_to("mx.plain.example", "requiretls=1"), HasSubstr(unreachable));
}

TEST_F(Proof, IsNotNeededForANotice)
{
    EXPECT_THAT(deliver_to("plain.example", "requiretls=1", ""), HasSubstr(unreachable));
}

TEST_F(Proof, IsNotNeededForOtherMessages)
{
    EXPECT_THAT(deliver_to("plain.example", "body=7BIT"), HasSubstr(unreachable));
}

TEST_F(Proof, ThatIsForgedIsTriedAgainLater)
{
    home_.control("trustanchors", ZoneKey("signed.example").anchor());
    EXPECT_THAT(deliver_to("signed.example", "requiretls=1"),
                HasSubstr("ZSorry, I couldn't find any host by that name. (#4.1.2)"));
}

TEST_F(Proof, CannotBeHadWithoutAnAnchorAndTheMessageWaits)
{
    home_.control("trustanchors", "");
    EXPECT_THAT(deliver_to("plain.example", "requiretls=1"), HasSubstr("(#4.3.5)"));
}
