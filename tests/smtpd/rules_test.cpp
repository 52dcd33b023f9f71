#include "smtpd/rules.hpp"

#include "base/net/dns.hpp"
#include "smtpd/extensions.hpp"
#include "smtpd/options.hpp"
#include "smtpd/received.hpp"

#include <gtest/gtest.h>

namespace grapnel::smtpd {
namespace {

net::IpAddress ip(const char* text) { return *net::IpAddress::parse(text); }

std::string verdict(const Rules& rules, const char* address, std::optional<std::string> host = {},
                    std::optional<std::string> info = {})
{
    const auto* rule = rules.find(ip(address), host, info);
    if (!rule) return "none";
    std::string text = rule->allow ? "allow" : "deny";
    for (const auto& [name, value] : rule->variables) text += ',' + name + '=' + value;
    return text;
}

TEST(Rules, TheMostExactAddressCounts)
{
    Rules rules;
    for (const auto* line :
         {"10.1.2.3:allow,A=\"one\"", "10.1.2.:deny", "10.1.:allow,A=\"two\",B=/x y/", "10.:deny",
          "1.2.3.0-15:allow,R=\"\"", "192.0.2.128/25:deny", "192.0.2.0/24:allow,C=\"24\"",
          "2001:db8::/32:allow,V=\"6\"", "[::1]:deny", "=host.example:allow,H=\"h\"",
          "=.example:deny", "joe@10.9.9.9:allow,J=\"j\"", "=:allow,N=\"named\"", ":deny"})
        EXPECT_TRUE(rules.add(line)) << line;
    EXPECT_EQ(verdict(rules, "10.1.2.3"), "allow,A=one");
    EXPECT_EQ(verdict(rules, "10.1.2.4"), "deny");
    EXPECT_EQ(verdict(rules, "10.1.3.4"), "allow,A=two,B=x y");
    EXPECT_EQ(verdict(rules, "10.9.9.9"), "deny");
    EXPECT_EQ(verdict(rules, "10.9.9.9", {}, "joe"), "allow,J=j");
    EXPECT_EQ(verdict(rules, "1.2.3.15"), "allow,R=");
    EXPECT_EQ(verdict(rules, "1.2.3.16"), "deny");
    EXPECT_EQ(verdict(rules, "192.0.2.200"), "deny");
    EXPECT_EQ(verdict(rules, "192.0.2.5"), "allow,C=24");
    EXPECT_EQ(verdict(rules, "2001:db8::9"), "allow,V=6");
    EXPECT_EQ(verdict(rules, "::1"), "deny");
    EXPECT_EQ(verdict(rules, "8.8.8.8", "HOST.example"), "allow,H=h");
    EXPECT_EQ(verdict(rules, "8.8.8.8", "other.example"), "deny");
    EXPECT_EQ(verdict(rules, "8.8.8.8", "elsewhere.test"), "allow,N=named");
    EXPECT_EQ(verdict(rules, "8.8.8.8"), "deny");
    EXPECT_TRUE(rules.sets("R=") && rules.sets("V=6"));
    EXPECT_FALSE(rules.sets("R=x") || rules.sets("QMAILQUEUE=/bin/sh"));
    EXPECT_EQ(verdict(Rules(), "8.8.8.8"), "none");
}

TEST(Rules, BadLinesAreNone)
{
    Rules rules;
    for (const auto* line :
         {"10.", "10.:permit", "10.:allow,RELAYCLIENT", "10.:allow,A=\"x", "10.:allow A",
          "1.2.3.9-3:allow", "1.2.3.0-999:deny", "10.0.0.0/40:deny", "zz::1:deny", "10.:denyx"})
        EXPECT_FALSE(rules.add(line)) << line;
}

TEST(Rules, KnowWhetherTheyAskForNames)
{
    Rules rules;
    EXPECT_TRUE(rules.add("10.:allow,A=\"x=y\""));
    EXPECT_FALSE(rules.name_hosts());
    EXPECT_TRUE(rules.add("=.example:deny"));
    EXPECT_TRUE(rules.name_hosts());
}

TEST(Dns, NamesOfAnAddressHaveTheirPlace)
{
    EXPECT_EQ(net::reverse_name(ip("192.0.2.9")), "9.2.0.192.in-addr.arpa");
    EXPECT_EQ(net::reverse_name(ip("2001:db8::567:89ab")),
              "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
}

TEST(Options, ListenAndWorkers)
{
    const auto options = parse_options({"qmail-smtpd", "--listen", "127.0.0.1:25",
                                        "--listen=[::1]:0", "--listen", ":2525", "--workers", "3"});
    ASSERT_TRUE(options);
    ASSERT_EQ(options->listen.size(), 4u);
    EXPECT_EQ(options->listen[1].endpoint.text(), "[::1]:0");
    EXPECT_EQ(options->listen[3].endpoint.text(), "[::]:2525");
    EXPECT_EQ(name(options->listen[3].service), "smtp");
    EXPECT_EQ(options->workers, 3u);
    for (const auto& words :
         std::vector<std::vector<std::string>>{{"x", "--listen"},
                                               {"x", "--listen", "25"},
                                               {"x", "--listen", "::1:25"},
                                               {"x", "--listen", "h:25"},
                                               {"x", "--workers", "0", "--listen", ":25"},
                                               {"x", "--workers", "2"},
                                               {"x", "y"}})
        EXPECT_FALSE(parse_options(words));
    EXPECT_TRUE(parse_options({"qmail-smtpd"})->listen.empty());
}

TEST(Options, ServicesByTheirNames)
{
    const auto options =
        parse_options({"x", "--listen", "submissions@:465", "--listen=submission@[::1]:587",
                       "--listen", "smtps@127.0.0.1:0"});
    ASSERT_TRUE(options);
    ASSERT_EQ(options->listen.size(), 4u);
    EXPECT_EQ(options->listen[1].service, (Service{Kind::submission, true}));
    EXPECT_EQ(options->listen[1].endpoint.text(), "[::]:465");
    EXPECT_EQ(options->listen[2].service, (Service{Kind::submission, false}));
    EXPECT_EQ(options->listen[3].service, (Service{Kind::smtp, true}));
    EXPECT_EQ(parse_options({"x", "--as", "submissions"})->service,
              (Service{Kind::submission, true}));
    for (const auto& words :
         std::vector<std::vector<std::string>>{{"x", "--listen", "@:25"},
                                               {"x", "--listen", "pop3@:110"},
                                               {"x", "--listen", "smtp@"},
                                               {"x", "--as", "imap"},
                                               {"x", "--as", "smtp", "--listen", ":25"}})
        EXPECT_FALSE(parse_options(words));
}

TEST(Extensions, ConditionsOfThem)
{
    Extensions extensions;
    extensions.apply({"SIZE:tls", "HELP:auth", "VRFY:tls", "+VRFY"});
    const auto plain = extensions.offered(false, false);
    EXPECT_FALSE(plain.has(Extension::size));
    EXPECT_FALSE(plain.has(Extension::help));
    EXPECT_TRUE(plain.has(Extension::vrfy));
    EXPECT_TRUE(plain.has(Extension::starttls));
    const auto in_tls = extensions.offered(true, false);
    EXPECT_TRUE(in_tls.has(Extension::size));
    EXPECT_FALSE(in_tls.has(Extension::help));
    EXPECT_FALSE(in_tls.has(Extension::starttls));
    EXPECT_TRUE(extensions.offered(true, true).has(Extension::help));
    std::vector<std::string> bad;
    extensions.apply({"SIZE:never", "EXPN:tls", ":tls", "SIZE", "+", "WHAT:tls"}, &bad);
    EXPECT_EQ(bad.size(), 6u);
}

TEST(Received, TodaysFormAndTheClassicOne)
{
    Peer peer;
    peer.ip = "192.0.2.1";
    peer.address = ip("192.0.2.1");
    peer.host = "client.example";
    peer.local = "here.example";
    Reception reception{
        .helo = "mail(.example", .by = "here.example", .protocol = "ESMTP", .id = "ID"};
    reception.only_recipient = "joe@here.example";
    EXPECT_EQ(received_field(peer, reception),
              "Received: from mail?.example (client.example [192.0.2.1]) by here.example\n  with "
              "ESMTP id ID for "
              "<joe@here.example>; Thu, 1 Jan 1970 00:00:00 +0000\n");
    reception.only_recipient = {};
    reception.zone_minutes = 90;
    EXPECT_EQ(received_field(peer, reception), "Received: from mail?.example (client.example "
                                               "[192.0.2.1]) by here.example\n  with ESMTP id ID; "
                                               "Thu, 1 Jan 1970 01:30:00 +0130\n");
    EXPECT_EQ(classic_received_field(peer, "x(", 0),
              "Received: from client.example (HELO x?) (192.0.2.1)\n  by here.example with SMTP; 1 "
              "Jan 1970 00:00:00 -0000\n");
}

}
}
