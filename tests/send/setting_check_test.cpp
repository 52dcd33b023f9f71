#include "send/setting_check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace grapnel::send {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr Setting number{"concurrencylocal", SettingKind::integer, "10", "qmail-send",
                         "Local deliveries at once"};
constexpr Setting line{"bouncehost", SettingKind::line, "me", "qmail-send", "Host name of bounces"};
constexpr Setting list{"locals", SettingKind::list, "me", "qmail-send", "Domains delivered here"};
constexpr Setting map{"virtualdomains", SettingKind::list, "none", "qmail-send", "Virtual domains"};

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
}

TEST(SettingCheck, FindsWhatProgramsReadDifferently)
{
    EXPECT_THAT(complaints(number, "20\n"), IsEmpty());
    EXPECT_THAT(complaints(number, "20 at once\n"), ElementsAre("Only the digits in front count."));
    EXPECT_THAT(complaints(number, "many\n"),
                ElementsAre("This is no number; the default 10 counts."));
    EXPECT_THAT(complaints(number, ""), ElementsAre("This is no number; the default 10 counts."));
    EXPECT_THAT(complaints(line, "a\nb\n"), ElementsAre("Only the first line counts."));
    EXPECT_THAT(complaints(line, "# me\n"), ElementsAre("There are no comments in this file."));
    EXPECT_THAT(complaints(list, "a\r\n b\n"),
                ElementsAre("\"a?\" ends in a carriage return, which counts.",
                            "\" b\" begins with a blank, which counts."));
    EXPECT_THAT(complaints(map, "a:b\nA:c\nnone\n"),
                ElementsAre("\"a\" is there more than once; the last one counts.",
                            "\"none\" has no colon and is ignored."));
}

TEST(SettingCheck, FindsValuesThatMeanNothing)
{
    constexpr Setting mine{"moreipme", SettingKind::list, "none", "all", "Mine"};
    EXPECT_THAT(complaints(mine, "192.0.2.1\n2001:db8::1\n192.0.2.256\n"),
                ElementsAre("\"192.0.2.256\" is no IP address and is ignored."));
    constexpr Setting early{"earlytalk", SettingKind::line, "refuse", "qmail-smtpd", "Early"};
    EXPECT_THAT(complaints(early, "delay\n"), IsEmpty());
    EXPECT_THAT(complaints(early, "wait\n"),
                ElementsAre("\"wait\" is no such word; the default refuse counts."));
    constexpr Setting routes{"smtproutes", SettingKind::list, "none", "qmail-remote", "Routes"};
    EXPECT_THAT(complaints(routes, ":mx\na:mx:26\nb:\nc:[::1]\nd:[::1]:26\n"), IsEmpty());
    for (const auto* bad :
         {"a::26", "a:mx:smtp", "a:mx:0", "a:mx:65536", "a:[::1", "a:[::1]26", "a:[mx]:25"})
        EXPECT_THAT(complaints(routes, bad),
                    ElementsAre('"' + std::string(bad) +
                                "\" has a bad relay or port: mail to there is deferred."));
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
