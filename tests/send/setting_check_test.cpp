#include "send/setting_check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace grapnel::send {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr Setting number{"concurrencylocal", SettingKind::integer, "10", "qmail-send",
                         "Local deliveries at once"};
constexpr Setting line{"bouncehost", SettingKind::line,      "me",
                       "qmail-send", "Host name of bounces", Check::host};
constexpr Setting list{"locals",     SettingKind::list,        "me",
                       "qmail-send", "Domains delivered here", Check::host};
constexpr Setting map{"virtualdomains", SettingKind::list, "none",
                      "qmail-send",     "Virtual domains", Check::keyed};
constexpr Setting secrets{"srs_secrets", SettingKind::list, "none",
                          "all",         "Secrets of SRS",  Check::hidden};

Finding found(std::size_t in_line, std::string text) { return {in_line, std::move(text)}; }

TEST(SettingCheck, SaysTheValueThenWhatItMeans)
{
    EXPECT_EQ(describe_default(number, "mx"), "(Default.) 10. Local deliveries at once.\n");
    EXPECT_EQ(describe_default(line, "mx.example"),
              "(Default.) mx.example. Host name of bounces.\n");
    EXPECT_EQ(describe_default(line, ""), "(Default.) me. Host name of bounces.\n");
    EXPECT_EQ(describe(number, "12 or so\n"), "12. Local deliveries at once.\n");
    EXPECT_EQ(describe(line, "h.example \nsecond\n"), "h.example. Host name of bounces.\n");
    EXPECT_EQ(describe(line, ""), "(empty). Host name of bounces.\n");
    EXPECT_EQ(describe(list, "a\n# no\n\nb\x01\n"), "Domains delivered here.\na\nb?\n");
    EXPECT_EQ(describe(secrets, "hush\n"), "Secrets of SRS.\n");
    EXPECT_THAT(effective_values(secrets, "hush\n"), IsEmpty());
}

TEST(SettingCheck, FindsWhatProgramsReadDifferently)
{
    EXPECT_THAT(complaints(number, "20\n"), IsEmpty());
    EXPECT_THAT(complaints(number, "20 at once\n"),
                ElementsAre(found(1, "Only the digits in front count.")));
    EXPECT_THAT(complaints(number, "many\n"),
                ElementsAre(found(1, "This is no number; the default 10 counts.")));
    EXPECT_THAT(complaints(number, ""),
                ElementsAre(found(1, "This is no number; the default 10 counts.")));
    EXPECT_THAT(complaints(line, "a.example\nb\n"),
                ElementsAre(found(0, "Only the first line counts.")));
    EXPECT_THAT(complaints(line, "# me\n"),
                ElementsAre(found(1, "There are no comments in this file.")));
    EXPECT_THAT(complaints(secrets, "hush \n hush\n"),
                ElementsAre(found(2, "It begins with a blank, which counts.")));
    EXPECT_THAT(complaints(map, "a:b\n\nA:c\nnone\n"),
                ElementsAre(found(3, "\"a\" is there more than once; the last one counts."),
                            found(4, "\"none\" has no colon and is ignored.")));
}

TEST(SettingCheck, FindsLinesOfEtrnThatBeginWithNoDomain)
{
    constexpr Setting hosts{"etrnhosts",   SettingKind::list, "none",
                            "qmail-smtpd", "Hosts",           Check::node};
    EXPECT_THAT(complaints(hosts, "a.example\n@b.example 192.0.2.0/24 joe\n*\troot\n[::1]\n"),
                IsEmpty());
    EXPECT_THAT(
        complaints(hosts, "192.0.2.0/24 a.example\n@ joe\n"),
        ElementsAre(found(1, "\"192.0.2.0/24 a.example\" begins with no domain and is ignored."),
                    found(2, "\"@ joe\" begins with no domain and is ignored.")));
}

TEST(SettingCheck, FindsNamesThatAreNone)
{
    EXPECT_THAT(complaints(list, "a.example\n.b.example\nlocalhost\n[192.0.2.1]\n"), IsEmpty());
    EXPECT_THAT(complaints(list, "host\nx@a.example\na.example\r\n"),
                ElementsAre(found(1, "\"host\" is not fully qualified."),
                            found(2, "\"x@a.example\" is no host name."),
                            found(3, "\"a.example?\" ends in a carriage return, which counts."),
                            found(3, "\"a.example?\" is no host name.")));
}

TEST(SettingCheck, FindsValuesThatMeanNothing)
{
    constexpr Setting mine{"moreipme", SettingKind::list, "none", "all", "Mine", Check::address};
    EXPECT_THAT(complaints(mine, "192.0.2.1\n2001:db8::1\n192.0.2.256\n"),
                ElementsAre(found(3, "\"192.0.2.256\" is no IP address and is ignored.")));
    constexpr Setting early{"earlytalk", SettingKind::line,    "refuse", "qmail-smtpd", "Early",
                            Check::word, "refuse ignore delay"};
    EXPECT_THAT(complaints(early, "delay\n"), IsEmpty());
    EXPECT_THAT(complaints(early, "wait\n"),
                ElementsAre(found(1, "\"wait\" is no such word; the default refuse counts.")));
    constexpr Setting lax{"lax", SettingKind::list, "none",        "qmail-smtpd",
                          "Lax", Check::word,       "nohelo qmail"};
    EXPECT_THAT(complaints(lax, "nohelo  qmail # both\n"), IsEmpty());
    EXPECT_THAT(
        complaints(lax, "nohelo halo\n"),
        ElementsAre(found(1, "\"nohelo halo\" has no such word as \"halo\", which is ignored.")));
    constexpr Setting yes{"localtime", SettingKind::integer, "0", "qmail-smtpd",
                          "Local",     Check::flag};
    EXPECT_THAT(complaints(yes, "2\n"),
                ElementsAre(found(1, "This is neither 0 nor 1; it counts as 1.")));
    constexpr Setting rules{"smtprules",   SettingKind::list, "allow all",
                            "qmail-smtpd", "Rules",           Check::rule};
    EXPECT_THAT(complaints(rules, "10.:allow\n:deny\nallow\n"),
                ElementsAre(found(3, "\"allow\" is no rule and is ignored.")));
    constexpr Setting clients{"badclients", SettingKind::list, "none", "qmail-smtpd",
                              "Bad",        Check::clients};
    EXPECT_THAT(
        complaints(clients, "10.\n192.0.2.1 550 no\n2001:db8::/32\n1.2.3.4-9\n=.x\n1.2.3\n"),
        ElementsAre(found(6, "\"1.2.3\" is neither address nor prefix and is ignored.")));
    constexpr Setting taps{"taps", SettingKind::list, "none", "qmail-queue", "Copies", Check::tap};
    const auto copies = complaints(taps, "F:.*:a@b.example\nT:@x.example\nA:[x:a@b.example\n");
    ASSERT_EQ(copies.size(), 2u);
    EXPECT_EQ(copies[0].line, 2u);
    EXPECT_THAT(copies[1].text, testing::StartsWith("\"A:[x:a@b.example\" is ignored: "));
    constexpr Setting owners{"ownersince",  SettingKind::list, "none",
                             "qmail-smtpd", "Owners",          Check::owner};
    EXPECT_THAT(
        complaints(owners, "joe@a.example:2024-05-01\n@a.example:unknown\njoe:2024-05-01\n"),
        ElementsAre(found(3, "\"joe:2024-05-01\" is neither ADDRESS:DATE nor @DOMAIN:DATE.")));
    constexpr Setting bad{"badrcptto", SettingKind::list, "none", "qmail-smtpd",
                          "Bad",       Check::pattern};
    const auto pattern = complaints(bad, "^a 550 no\n[b\n");
    ASSERT_EQ(pattern.size(), 1u);
    EXPECT_EQ(pattern[0].line, 2u);
    EXPECT_THAT(pattern[0].text, testing::StartsWith("\"[b\" is ignored: "));
}

TEST(SettingCheck, FindsRoutesThatLeadNowhere)
{
    constexpr Setting routes{"smtproutes",   SettingKind::list, "none",
                             "qmail-remote", "Routes",          Check::route};
    EXPECT_THAT(complaints(routes, ":mx\na:mx:26\nb:\nc:[::1]\nd:[::1]:26\n"), IsEmpty());
    for (const auto* bad :
         {"a::26", "a:mx:smtp", "a:mx:0", "a:mx:65536", "a:[::1", "a:[::1]26", "a:[mx]:25"})
        EXPECT_THAT(complaints(routes, bad),
                    ElementsAre(found(1, '"' + std::string(bad) +
                                             "\" has a bad relay or port: mail to there is "
                                             "deferred.")));
}

TEST(SettingCheck, LooksAtLoginsWithoutShowingThem)
{
    constexpr Setting routes{"smtproutes",   SettingKind::list, "none",
                             "qmail-remote", "Routes",          Check::route};
    EXPECT_THAT(complaints(routes, "a:mx:587|joe|secret\n:[::1]|j|\nb:mx|joe|a|b:c\n"), IsEmpty());
    for (const auto* bad : {"a:|joe|secret", "a:mx|secret", "a:mx||secret", "a:mx:x|joe|secret"}) {
        const auto found = complaints(routes, bad);
        ASSERT_EQ(found.size(), 1u) << bad;
        EXPECT_THAT(found[0].text, testing::HasSubstr("deferred."));
        EXPECT_THAT(found[0].text, testing::Not(testing::HasSubstr("secret")));
    }
    EXPECT_THAT(describe(routes, "a:mx:587|joe|secret\n"),
                testing::EndsWith("a:mx:587|(not shown)\n"));
    EXPECT_TRUE(holds_passwords(routes, "a:mx\nb:mx|joe|secret\n"));
    EXPECT_FALSE(holds_passwords(routes, "a:mx\n#b:mx|joe|secret\n"));
}

TEST(SettingCheck, FindsLevelsOfTlsThatThereAreNot)
{
    constexpr Setting levels{"tlsdestinations", SettingKind::list, "may", "qmail-remote", "TLS",
                             Check::tls};
    EXPECT_THAT(complaints(levels, "a:none\n.b: Verify\n*:may\n::1:encrypt\n"), IsEmpty());
    EXPECT_EQ(complaints(levels, "a:must\nb\nc:\n").size(), 3u);
}

TEST(SettingCheck, IsNotDrownedInFindings)
{
    std::string text;
    for (int i = 0; i < 1000; ++i) text += "nodot\n";
    EXPECT_EQ(complaints(list, text).size(), 100u);
}

TEST(SettingCheck, ComparesTheTablesOfNames)
{
    const std::vector<std::string> accepted{"a.example", ".sub.example"};
    EXPECT_THAT(conflicts({"a.example", "x.sub.example"}, &accepted, {}), IsEmpty());
    EXPECT_THAT(
        conflicts({"b.example"}, &accepted, {"B.example:v"}),
        ElementsAre(
            "\"b.example\" is in locals but not in rcpthosts: strangers cannot write to it.",
            "\"b.example\" is in locals and in virtualdomains: locals counts."));
    EXPECT_THAT(conflicts({"b.example"}, nullptr, {}), IsEmpty());
}

}
}
