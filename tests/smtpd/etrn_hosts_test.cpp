#include "smtpd/etrn_hosts.hpp"

#include <gtest/gtest.h>

namespace grapnel::smtpd {
namespace {

struct EtrnHostsTest : testing::Test {
    const std::optional<net::IpAddress> near = net::IpAddress::parse("192.0.2.7"),
                                        far = net::IpAddress::parse("2001:db8::1"), none;
    std::vector<std::string> bad;

    bool allows(const EtrnHosts& hosts, const EtrnHosts::Client& client, std::string_view node)
    {
        const auto request = parse_node(node);
        EXPECT_TRUE(request) << node;
        return request && hosts.allows(client, *request);
    }
};

TEST_F(EtrnHostsTest, NodesAreDomainsWithOrWithoutAnAt)
{
    EXPECT_EQ(parse_node("Far.Example."), (queue::HastenRequest{"far.example", false}));
    EXPECT_EQ(parse_node("@far.example"), (queue::HastenRequest{"far.example", true}));
    EXPECT_EQ(parse_node("[192.0.2.1]"), (queue::HastenRequest{"[192.0.2.1]", false}));
    for (const auto* text : {"", "@", "#", "#far.example", "a b", "-x", "a..b", "@[192.0.2.1]",
                             "@@a", "a@b", "\xc3\xa4.example", "*"})
        EXPECT_FALSE(parse_node(text)) << text;
}

TEST_F(EtrnHostsTest, WithoutClientsALineIsForWhoMayRelay)
{
    const EtrnHosts hosts({"far.example", "@sub.example"}, bad);
    EXPECT_TRUE(allows(hosts, {near, "", true}, "FAR.example"));
    EXPECT_FALSE(allows(hosts, {near, "", false}, "far.example"));
    EXPECT_FALSE(allows(hosts, {near, "", true}, "other.example"));
    EXPECT_FALSE(allows(hosts, {near, "", true}, "@far.example"));
    EXPECT_FALSE(allows(hosts, {near, "", true}, "a.far.example"));
    for (const auto* node : {"sub.example", "@sub.example", "a.sub.example", "@a.sub.example"})
        EXPECT_TRUE(allows(hosts, {near, "", true}, node)) << node;
    EXPECT_FALSE(hosts.allows_anything({near, "joe", false}));
}

TEST_F(EtrnHostsTest, ClientsAreAddressesPrefixesAndUsers)
{
    const EtrnHosts hosts({"a.example 192.0.2.0/24", "b.example\t 2001:db8::1  joe ", "*  root"},
                          bad);
    EXPECT_TRUE(bad.empty());
    EXPECT_TRUE(allows(hosts, {near, "", false}, "a.example"));
    EXPECT_FALSE(allows(hosts, {near, "", true}, "b.example"));
    EXPECT_TRUE(allows(hosts, {far, "", false}, "b.example"));
    EXPECT_TRUE(allows(hosts, {none, "joe", true}, "b.example"));
    EXPECT_FALSE(allows(hosts, {none, "joe", true}, "a.example"));
    EXPECT_TRUE(allows(hosts, {none, "root", true}, "@anything.example"));
    EXPECT_TRUE(hosts.allows_anything({far, "", false}));
    EXPECT_FALSE(hosts.allows_anything({none, "", true}));
}

TEST_F(EtrnHostsTest, WhatNamesNoDomainDoesNotCount)
{
    const EtrnHosts hosts({"a b c", "# x", "@", "-x 192.0.2.7", ""}, bad);
    EXPECT_EQ(bad, (std::vector<std::string>{"# x", "@", "-x 192.0.2.7"}));
    EXPECT_FALSE(allows(hosts, {near, "", true}, "x.example"));
}

}
}
