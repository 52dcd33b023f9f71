#include "smtpd/command.hpp"

#include "smtpd/answer.hpp"
#include "smtpd/extensions.hpp"
#include "smtpd/lax.hpp"
#include "smtpd/parameters.hpp"

#include <gtest/gtest.h>

namespace grapnel::smtpd {
namespace {

std::vector<CommandLine> lines(std::string_view wire, bool bare_lf = false)
{
    CommandReader reader(bare_lf);
    std::vector<CommandLine> result;
    while (auto line = reader.take(wire)) result.push_back(*line);
    return result;
}

TEST(CommandLine, OnlyCrLfEndsOne)
{
    const auto good = lines("EHLO a\r\nMAIL x\r\nNOO");
    ASSERT_EQ(good.size(), 2u);
    EXPECT_EQ(good[0].text, "EHLO a");
    EXPECT_EQ(good[1].text, "MAIL x");
    for (const std::string_view wire :
         {std::string_view("NOOP\nRSET\r\n"), std::string_view("NOOP\rRSET\r\n"),
          std::string_view("NO\0OP\r\n", 7), std::string_view("NOOP\r\r\n")}) {
        const auto bad = lines(wire);
        ASSERT_EQ(bad.size(), 1u) << wire;
        EXPECT_EQ(bad[0].fault, CommandLine::Fault::bare) << wire;
        EXPECT_EQ(bad[0].text, "");
    }
}

TEST(CommandLine, ClassicReadingEndsAtLf)
{
    const auto classic = lines(std::string_view("NOOP\nHELO a\0b\r\nx\r\r\n", 19), true);
    ASSERT_EQ(classic.size(), 3u);
    EXPECT_EQ(classic[1].text, "HELO a");
    EXPECT_EQ(classic[2].text, "x\r");
}

TEST(CommandLine, LongOnesAreEatenAndHopelessOnesEndIt)
{
    EXPECT_EQ(lines(std::string(4096, 'x') + "\r\n")[0].fault, CommandLine::Fault::none);
    const auto eaten = lines(std::string(4097, 'x') + "\r\nNOOP\r\n");
    ASSERT_EQ(eaten.size(), 2u);
    EXPECT_EQ(eaten[0].fault, CommandLine::Fault::too_long);
    EXPECT_EQ(eaten[1].text, "NOOP");
    EXPECT_EQ(lines(std::string(70000, 'x'))[0].fault, CommandLine::Fault::hopeless);
}

struct PathCase {
    std::string argument;
    Fault fault;
    std::string address = {};
};

Path parsed(const PathCase& one, const PathRules& rules)
{
    Path path;
    EXPECT_EQ(parse_path(one.argument, "TO:", rules, path), one.fault) << one.argument;
    EXPECT_TRUE(one.fault != Fault::none || path.address == one.address)
        << one.argument << path.address;
    return path;
}

TEST(Path, StrictGrammar)
{
    const std::string label(63, 'a'), local(256, 'b');
    const std::vector<PathCase> cases{
        {"TO:<a@b.example>", Fault::none, "a@b.example"},
        {"to: <a@b.example>", Fault::none, "a@b.example"},
        {"TO:<a@b.example.>", Fault::none, "a@b.example"},
        {"TO:<\"a b\\\"c\"@d.example>", Fault::none, "a b\"c@d.example"},
        {"TO:<\"\"@d.example>", Fault::none, "@d.example"},
        {"TO:<@x.example,@y:a@z.example>", Fault::none, "a@z.example"},
        {"TO:<a@[127.0.0.1]>", Fault::none, "a@[127.0.0.1]"},
        {"TO:<a@[IPv6:::1]>", Fault::none, "a@[IPv6:::1]"},
        {"TO:<" + local + "@" + label + ".example>", Fault::none, local + "@" + label + ".example"},
        {"TO:<Postmaster>", Fault::no_domain},
        {"TO:<>", Fault::syntax},
        {"TO:a@b.example", Fault::syntax},
        {"TO <a@b.example>", Fault::syntax},
        {"TO:<a@b.example", Fault::syntax},
        {"TO:<a@b.example>x", Fault::syntax},
        {"TO:<a@>", Fault::mailbox},
        {"TO:<@b.example>", Fault::mailbox},
        {"TO:<a..b@c.example>", Fault::mailbox},
        {"TO:<a b@c.example>", Fault::mailbox},
        {"TO:<a@-b.example>", Fault::mailbox},
        {"TO:<a@b_c.example>", Fault::mailbox},
        {"TO:<a@b..example>", Fault::mailbox},
        {"TO:<a@[127.0.0.256]>", Fault::mailbox},
        {"TO:<a@[1:2]>", Fault::mailbox},
        {"TO:<a@[x400:foo]>", Fault::mailbox},
        {"TO:<a@" + label + "a.example>", Fault::mailbox},
        {"TO:<a@" + label + '.' + label + '.' + label + '.' + label + ".example>", Fault::domain},
        {"TO:<" + local + "b@c.example>", Fault::mailbox},
        {"TO:<" + std::string(1001, 'a') + ">", Fault::too_long},
        {"TO:<a\tb@c.example>", Fault::control},
        {"TO:<\"a\x7f\"@c.example>", Fault::control},
        {"TO:<\xc3\xa4@c.example>", Fault::non_ascii},
    };
    for (const auto& one : cases) parsed(one, {});
}

TEST(Path, WhatRelayClientsMayDo)
{
    PathRules rules;
    rules.brackets_optional = rules.without_domain = rules.underscore = true;
    parsed({"TO:a@b.example", Fault::none, "a@b.example"}, rules);
    parsed({"TO:<joe>", Fault::none, "joe"}, rules);
    parsed({"TO:<a@b_c.example>", Fault::none, "a@b_c.example"}, rules);
    EXPECT_EQ(parsed({"TO:a@b.example SIZE=1", Fault::none, "a@b.example"}, rules).parameters,
              "SIZE=1");
    rules = {};
    rules.may_be_postmaster = true;
    parsed({"TO:<PostMaster>", Fault::none, "PostMaster"}, rules);
    parsed({"TO:<joe>", Fault::no_domain}, rules);
}

TEST(Parameters, AreParsedByOneTable)
{
    const auto parse = [](std::string_view text, const Extensions& offered = {}) {
        Parameters parameters;
        return parse_parameters(text, ParameterPlace::mail, offered, false, parameters);
    };
    EXPECT_EQ(parse("SIZE=1 body=8bitmime"), Fault::none);
    EXPECT_EQ(parse("SIZE=99999999999999999999"), Fault::none);
    EXPECT_EQ(parse("SIZE=1 size=2"), Fault::twice);
    EXPECT_EQ(parse("SIZE=-1"), Fault::value);
    EXPECT_EQ(parse("SIZE"), Fault::value);
    EXPECT_EQ(parse("BODY=BINARYMIME"), Fault::value);
    EXPECT_EQ(parse("RET=FULL"), Fault::parameter);
    Extensions off;
    off.apply("-SIZE");
    EXPECT_EQ(parse("SIZE=1", off), Fault::parameter);
    Parameters parameters;
    EXPECT_EQ(parse_parameters("SIZE=1", ParameterPlace::rcpt, {}, false, parameters),
              Fault::parameter);
}

TEST(Extensions, SwitchesAndTheEhloList)
{
    Extensions all;
    EXPECT_EQ(ehlo_lines(all, 100, false),
              (std::vector<std::string>{"PIPELINING", "8BITMIME", "SIZE 100", "ENHANCEDSTATUSCODES",
                                        "STARTTLS", "HELP"}));
    EXPECT_EQ(ehlo_lines(all, 100, true), (std::vector<std::string>{"PIPELINING", "8BITMIME"}));
    all.apply("-ALL");
    EXPECT_TRUE(ehlo_lines(all, 0, false).empty());
    std::vector<std::string> bad;
    all.apply({"+size", "-DSN", "+DSN", "SIZE"}, &bad);
    EXPECT_EQ(ehlo_lines(all, 0, false), std::vector<std::string>{"SIZE"});
    EXPECT_EQ(bad, (std::vector<std::string>{"+DSN", "SIZE"}));
}

TEST(Lax, WordsAndTheOneForAll)
{
    std::vector<std::string> unknown;
    const auto some = LaxWords::parse({"nohelo", "barelfcmd", "what"}, false, &unknown);
    EXPECT_TRUE(some[Lax::nohelo]);
    EXPECT_FALSE(some[Lax::remail] || some[Lax::barelfcmd]);
    EXPECT_EQ(unknown, (std::vector<std::string>{"barelfcmd", "what"}));
    const auto all = LaxWords::parse({"qmail"}, false);
    EXPECT_TRUE(all[Lax::qmail] && all[Lax::received] && all[Lax::barelf451] &&
                all[Lax::barelfcmd]);
    EXPECT_FALSE(all[Lax::barelffix]);
}

TEST(Answer, CarriesItsEnhancedCodeOnEachLine)
{
    Answer answer(250, "2.0.0", "one");
    answer.lines.push_back("two");
    EXPECT_EQ(encode(answer, true), "250-2.0.0 one\r\n250 2.0.0 two\r\n");
    EXPECT_EQ(encode(answer, false), "250-one\r\n250 two\r\n");
    EXPECT_EQ(encode(Answer(500, "5.5.2", "bad \xff\r\n250 ok"), false), "500 bad ???250 ok\r\n");
    Answer own(553, "5.7.1", "refused");
    EXPECT_TRUE(parse_code_and_text("450 4.2.1 come again", own));
    EXPECT_EQ(encode(own, true), "450 4.2.1 come again\r\n");
    EXPECT_TRUE(parse_code_and_text("550 go away", own));
    EXPECT_EQ(encode(own, true), "550 5.7.1 go away\r\n");
    EXPECT_FALSE(parse_code_and_text("250 ok", own) || parse_code_and_text("", own));
}

}
}
