// Where mail goes, with answers instead of a name server.
#include "remote/route.hpp"

#include "base/net/loop.hpp"

#include <gmock/gmock.h>

#include <map>

using namespace grapnel;
using namespace grapnel::remote;
using net::DnsAnswer;
using net::DnsOutcome;
using net::IpAddress;
using net::MxRecord;
using testing::ElementsAre;
using testing::SizeIs;
using testing::UnorderedElementsAre;

namespace {

class AnsweringDns final : public net::Dns {
public:
    std::map<std::string, DnsAnswer<MxRecord>> mx_answers;
    std::map<std::string, std::vector<std::string>> hosts;
    std::set<std::string> broken;
    std::size_t questions = 0;

    boost::asio::awaitable<DnsAnswer<MxRecord>> mx(std::string domain, Deadline) override
    {
        ++questions;
        if (broken.contains(domain)) co_return DnsAnswer<MxRecord>{};
        const auto found = mx_answers.find(domain);
        if (found != mx_answers.end()) co_return found->second;
        co_return DnsAnswer<MxRecord>{hosts.contains(domain) ? DnsOutcome::no_data
                                                             : DnsOutcome::no_name};
    }

    boost::asio::awaitable<DnsAnswer<IpAddress>> addresses(std::string host, Deadline) override
    {
        questions += 2;
        if (broken.contains(host)) co_return DnsAnswer<IpAddress>{};
        const auto found = hosts.find(host);
        if (found == hosts.end()) co_return DnsAnswer<IpAddress>{DnsOutcome::no_name};
        DnsAnswer<IpAddress> answer{found->second.empty() ? DnsOutcome::no_data
                                                          : DnsOutcome::found};
        for (const auto& text : found->second) answer.records.push_back(*IpAddress::parse(text));
        co_return answer;
    }
};

class RouteTest : public testing::Test {
protected:
    RouteTest()
    {
        config.ourselves.name = "me.example";
        config.ourselves.addresses = {*IpAddress::parse("198.51.100.1")};
    }

    void mx(const std::string& domain, std::vector<MxRecord> records)
    {
        dns.mx_answers[domain] = {DnsOutcome::found, std::move(records)};
    }

    Result<Route> find(const std::string& domain, unsigned seed = 1)
    {
        std::optional<Result<Route>> found;
        net::run_until_done([&]() { return ask(domain, seed, found); });
        return *found;
    }
    boost::asio::awaitable<void> ask(std::string domain, unsigned seed,
                                     std::optional<Result<Route>>& found)
    {
        found = co_await find_route(dns, config, std::move(domain), "", seed);
    }

    std::vector<std::string> hops(const std::string& domain, unsigned seed = 1)
    {
        const auto route = find(domain, seed);
        if (!route) return {(route.error().retry == Retry::later ? "Z" : "D") + route.error().text};
        std::vector<std::string> result;
        for (const auto& hop : route->hops) result.push_back(hop.endpoint.text());
        return result;
    }

    AnsweringDns dns;
    Config config;
};

const std::string later = "ZSorry, I couldn't find any host by that name. (#4.1.2)\n";
const std::string nowhere = "DSorry, I couldn't find a mail exchanger or IP address. (#5.4.4)\n";
const std::string ourselves =
    "DSorry. Although I'm listed as a best-preference MX or A for that host,\n"
    "it isn't in my control/locals file, so I don't treat it as local. (#5.4.6)\n";

std::string relay(const std::vector<std::string>& lines, std::string_view domain)
{
    const auto found = relay_for(NameMap(lines), domain);
    if (!found) return "broken";
    return *found ? (*found)->host + ' ' + std::to_string((*found)->port) : "none";
}

}

TEST(Smtproutes, TheLongestMatchCountsAndAnEmptyOneMeansMx)
{
    const std::vector<std::string> lines{"b.example:one", ".b.example:two:26",
                                         ".example:", ":smart:587"};
    EXPECT_EQ(relay(lines, "B.example"), "one 25");
    EXPECT_EQ(relay(lines, "a.b.example"), "two 26");
    EXPECT_EQ(relay(lines, "c.example"), "none");
    EXPECT_EQ(relay(lines, "com"), "smart 587");
    EXPECT_EQ(relay({}, "com"), "none");
}

TEST(Smtproutes, ALoginStandsBehindTheRelay)
{
    const auto found = relay_for(NameMap({"b.example:relay:587|joe@b|sec|r:et"}), "b.example");
    ASSERT_TRUE(found && *found);
    EXPECT_EQ((*found)->host, "relay");
    EXPECT_EQ((*found)->port, 587);
    EXPECT_EQ((*found)->login->user, "joe@b");
    EXPECT_EQ((*found)->login->password.view(), "sec|r:et");
    const auto usual = relay_for(NameMap({":[192.0.2.1]|joe|"}), "b.example");
    ASSERT_TRUE(usual && *usual);
    EXPECT_EQ((*usual)->port, 25);
    EXPECT_TRUE((*usual)->login->password.empty());
}

TEST(Smtproutes, ALoginThatCannotBeUsedDefers)
{
    for (const auto* bad :
         {"a:|joe|secret", "a:relay|joe", "a:relay||secret", "a:relay:x|joe|secret"}) {
        const auto found = relay_for(NameMap({bad}), "a");
        ASSERT_FALSE(found) << bad;
        EXPECT_EQ(found.error().retry, Retry::later);
        EXPECT_EQ(found.error().text.find("secret"), std::string::npos);
    }
}

TEST(Authsenders, TheAddressCountsThenItsEnds)
{
    const NameMap senders({"joe@a.example:one:26|j|p", "@a.example:two", ".example:three",
                           "@c.example:", ":four:587|all|p"});
    const auto host = [&](std::string_view sender) {
        const auto found = relay_of_sender(senders, sender);
        if (!found) return std::string("broken");
        return *found ? (*found)->host : "none";
    };
    EXPECT_EQ(host("JOE@a.example"), "one");
    EXPECT_EQ(host("ann@a.example"), "two");
    EXPECT_EQ(host("ann@b.example"), "three");
    EXPECT_EQ(host("ann@c.example"), "none");
    EXPECT_EQ(host("ann@d.net"), "four");
    EXPECT_EQ(host(""), "four");
    EXPECT_FALSE(*relay_of_sender(NameMap({"joe@a.example:one"}), ""));
    EXPECT_FALSE(*relay_of_sender(NameMap(), "joe@a.example"));
}

TEST(Smtproutes, Relays)
{
    const std::vector<std::pair<std::string, std::string>> table{
        {"relay", "relay 25"},
        {"relay:", "relay 25"},
        {"192.0.2.1:26", "192.0.2.1 26"},
        {"[192.0.2.1]", "192.0.2.1 25"},
        {"[192.0.2.1]:26", "192.0.2.1 26"},
        {"[2001:db8::1]:26", "2001:db8::1 26"},
        {"[IPv6:2001:db8::1]", "2001:db8::1 25"},
        {"[192.0.2.1", "broken"},
        {"[relay]", "broken"},
        {"[]:25", "broken"},
        {":25", "broken"},
        {"relay:0", "broken"},
        {"relay:65536", "broken"},
        {"relay:x", "broken"},
        {"[192.0.2.1]x", "broken"},
    };
    for (const auto& [value, expected] : table)
        EXPECT_EQ(relay({":" + value}, "b.example"), expected) << value;
}

TEST(AddressLiteral, Forms)
{
    EXPECT_EQ(parse_address_literal("192.0.2.1")->text(), "192.0.2.1");
    EXPECT_EQ(parse_address_literal("[192.0.2.1]")->text(), "192.0.2.1");
    EXPECT_EQ(parse_address_literal("[ipv6:2001:DB8::1]")->text(), "2001:db8::1");
    EXPECT_EQ(parse_address_literal("[2001:db8::1]")->text(), "2001:db8::1");
    for (const auto* text :
         {"", "[", "[]", "2001:db8::1", "[192.0.2.1", "[IPv6:192.0.2.1]", "b.example", "[x]"})
        EXPECT_FALSE(parse_address_literal(text)) << text;
}

TEST_F(RouteTest, BestPreferenceFirstFamiliesByTurns)
{
    mx("b.example", {{20, "second"}, {10, "first"}});
    dns.hosts = {{"first", {"2001:db8::1", "2001:db8::2", "192.0.2.1", "192.0.2.2"}},
                 {"second", {"192.0.2.3"}}};
    EXPECT_THAT(hops("b.example"), ElementsAre("[2001:db8::1]:25", "192.0.2.1:25",
                                               "[2001:db8::2]:25", "192.0.2.2:25", "192.0.2.3:25"));
    config.prefer_v4 = true;
    EXPECT_EQ(hops("b.example")[0], "192.0.2.1:25");
}

TEST_F(RouteTest, EqualPreferencesAreShuffled)
{
    mx("b.example", {{10, "one"}, {10, "two"}});
    dns.hosts = {{"one", {"192.0.2.1"}}, {"two", {"192.0.2.2"}}};
    std::set<std::string> firsts;
    for (unsigned seed = 1; seed < 100; ++seed) firsts.insert(hops("b.example", seed * 7919)[0]);
    EXPECT_THAT(firsts, SizeIs(2));
}

TEST_F(RouteTest, WithoutMxTheDomainItself)
{
    dns.hosts = {{"b.example", {"192.0.2.1"}}, {"none.example", {}}};
    EXPECT_THAT(hops("b.example"), ElementsAre("192.0.2.1:25"));
    EXPECT_THAT(hops("none.example"), ElementsAre(nowhere));
}

TEST_F(RouteTest, NoSuchNameIsForGoodAndNoAnswerIsNot)
{
    dns.broken = {"b.example"};
    dns.hosts = {{"b.example", {"192.0.2.1"}}};
    EXPECT_THAT(hops("b.example"), ElementsAre(later));
    EXPECT_THAT(hops("no.example"),
                ElementsAre("DSorry, I couldn't find any host named no.example. (#5.1.2)\n"));
    EXPECT_THAT(hops("\x01 no"),
                ElementsAre("DSorry, I couldn't find any host named ??no. (#5.1.2)\n"));
}

TEST_F(RouteTest, ANullMxTakesNoMail)
{
    mx("b.example", {{0, "."}});
    dns.hosts = {{"b.example", {"192.0.2.1"}}, {"real", {"192.0.2.2"}}};
    EXPECT_THAT(hops("b.example"),
                ElementsAre("DSorry, b.example says that it takes no mail. (#5.1.10)\n"));
    mx("mixed.example", {{0, "."}, {10, "real"}});
    EXPECT_THAT(hops("mixed.example"), ElementsAre("192.0.2.2:25"));
}

TEST_F(RouteTest, NamesThatAreAddressesOrLocalhostAreNoHosts)
{
    mx("b.example", {{0, "192.0.2.9"}, {1, "localhost"}, {2, ""}});
    EXPECT_THAT(hops("b.example"), ElementsAre(nowhere));
}

TEST_F(RouteTest, WhenNoHostResolvesAnyDoubtMeansLater)
{
    mx("b.example", {{10, "gone"}, {20, "slow"}});
    EXPECT_THAT(hops("b.example"), ElementsAre(nowhere));
    dns.broken = {"slow"};
    EXPECT_THAT(hops("b.example"), ElementsAre(later));
    dns.hosts = {{"gone", {"192.0.2.1"}}};
    EXPECT_THAT(hops("b.example"), ElementsAre("192.0.2.1:25"));
}

TEST_F(RouteTest, OurselvesAndAllThatAreNoBetterAreLeftOut)
{
    mx("b.example", {{10, "better"}, {20, "us"}, {20, "equal"}, {30, "worse"}});
    dns.hosts = {{"better", {"192.0.2.1"}},
                 {"us", {"198.51.100.1"}},
                 {"equal", {"192.0.2.2"}},
                 {"worse", {"192.0.2.3"}}};
    EXPECT_THAT(hops("b.example"), ElementsAre("192.0.2.1:25"));
    mx("c.example", {{20, "us"}, {20, "equal"}, {30, "worse"}});
    EXPECT_THAT(hops("c.example"), ElementsAre(ourselves));
    mx("d.example", {{10, "ME.example"}, {30, "worse"}});
    EXPECT_THAT(hops("d.example"), ElementsAre(ourselves));
    config.ourselves.others = {*IpAddress::parse("198.51.100.1")};
    EXPECT_THAT(hops("c.example"), SizeIs(3));
}

TEST_F(RouteTest, LoopbackIsUsUnlessNamed)
{
    for (const auto* address :
         {"127.0.0.1", "127.9.9.9", "0.0.0.0", "::1", "::", "::ffff:127.0.0.1"}) {
        mx("b.example", {{10, "host"}});
        dns.hosts = {{"host", {address}}};
        EXPECT_THAT(hops("b.example"), ElementsAre(ourselves)) << address;
    }
    dns.hosts = {{"host", {"224.0.0.1", "ff02::1"}}};
    EXPECT_THAT(hops("b.example"), ElementsAre(nowhere));
    dns.hosts = {{"host", {"127.0.0.2"}}};
    config.ourselves.others = {*IpAddress::parse("127.0.0.2")};
    EXPECT_THAT(hops("b.example"), ElementsAre("127.0.0.2:25"));
}

TEST_F(RouteTest, ARouteIsTakenAsItIs)
{
    config.routes = NameMap(
        {"b.example:127.0.0.1:26", "c.example:relay:27", "d.example:gone", "e.example:slow"});
    dns.hosts = {{"relay", {"198.51.100.1"}}};
    dns.broken = {"slow"};
    EXPECT_THAT(hops("b.example"), ElementsAre("127.0.0.1:26"));
    EXPECT_THAT(hops("c.example"), ElementsAre("198.51.100.1:27"));
    EXPECT_TRUE(find("c.example")->fixed);
    EXPECT_THAT(hops("d.example"),
                ElementsAre("DSorry, I couldn't find any host named gone. (#5.1.2)\n"));
    EXPECT_THAT(hops("e.example"), ElementsAre(later));
}

TEST_F(RouteTest, AddressLiteralsNeedNoLookup)
{
    EXPECT_THAT(hops("[192.0.2.1]"), ElementsAre("192.0.2.1:25"));
    EXPECT_THAT(hops("[IPv6:2001:db8::1]"), ElementsAre("[2001:db8::1]:25"));
    EXPECT_THAT(hops("198.51.100.1"), ElementsAre(ourselves));
    EXPECT_EQ(dns.questions, 0u);
}

TEST_F(RouteTest, AFloodOfRecordsIsBounded)
{
    std::vector<MxRecord> records;
    for (unsigned i = 0; i < 200; ++i) {
        const auto host = "h" + std::to_string(i);
        records.push_back({10, host});
        for (int j = 0; j < 100; ++j)
            dns.hosts[host].push_back("192.0." + std::to_string(i) + "." + std::to_string(j));
    }
    mx("b.example", records);
    EXPECT_THAT(hops("b.example"), SizeIs(testing::Le(19u * 16)));
    EXPECT_LE(dns.questions, 40u);
}

TEST_F(RouteTest, IsProvenByDnssecOrWhereNoRecordCouldHaveLied)
{
    dns.hosts["mx.example"] = {"192.0.2.1"};
    dns.hosts["host.example"] = {"192.0.2.2"};
    mx("plain.example", {{10, "mx.example"}});
    mx("signed.example", {{10, "mx.example"}});
    dns.mx_answers["signed.example"].secure = true;
    config.routes = NameMap({"routed.example:mx.example"});
    EXPECT_FALSE(find("plain.example")->proven);
    EXPECT_TRUE(find("signed.example")->proven);
    EXPECT_TRUE(find("host.example")->proven) << "its own name";
    EXPECT_TRUE(find("routed.example")->proven) << "the operator's word";
    EXPECT_TRUE(find("[192.0.2.3]")->proven);
}

TEST_F(RouteTest, NoMoreHostsAreAskedForThanWillBeTried)
{
    std::vector<MxRecord> records;
    for (unsigned i = 0; i < 30; ++i) {
        records.push_back({i, "h" + std::to_string(i)});
        dns.hosts["h" + std::to_string(i)] = {"192.0.2." + std::to_string(i)};
    }
    mx("b.example", records);
    config.most_addresses = 3;
    EXPECT_THAT(hops("b.example"), ElementsAre("192.0.2.0:25", "192.0.2.1:25", "192.0.2.2:25"));
}

TEST(DnsNames, WhatIsTooLongOrEmptySomewhereIsNone)
{
    using net::can_be_name;
    const std::string label(63, 'x'), four = label + '.' + label + '.' + label + '.';
    EXPECT_TRUE(can_be_name("far.example"));
    EXPECT_TRUE(can_be_name("far.example."));
    EXPECT_TRUE(can_be_name(label));
    EXPECT_TRUE(can_be_name(four + std::string(61, 'x')));
    for (const auto& text : {std::string(), std::string("."), std::string("a..b"),
                             std::string(".a"), label + 'x', four + std::string(62, 'x')})
        EXPECT_FALSE(can_be_name(text)) << text;
}
