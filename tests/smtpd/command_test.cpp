#include "smtpd/command.hpp"

#include "base/text.hpp"
#include "smtpd/answer.hpp"
#include "smtpd/extensions.hpp"
#include "smtpd/lax.hpp"
#include "smtpd/parameters.hpp"

#include <gtest/gtest.h>

#include <algorithm>

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

TEST(Path, TheSenderOfDoubleBouncesIsASender)
{
    PathRules rules;
    parsed({"TO:<#@[]>", Fault::mailbox}, rules);
    rules.may_be_empty = true;
    parsed({"TO:<#@[]>", Fault::none, "#@[]"}, rules);
    parsed({"TO:<x@[]>", Fault::mailbox}, rules);
}

TEST(Parameters, AreParsedByOneTable)
{
    const auto parse = [](std::string_view text, const Extensions& offered = Extensions()) {
        Parameters parameters;
        return parse_parameters(text, ParameterPlace::mail, offered, false, parameters);
    };
    EXPECT_EQ(parse("SIZE=1 body=8bitmime"), Fault::none);
    EXPECT_EQ(parse("SIZE=99999999999999999999"), Fault::none);
    EXPECT_EQ(parse("SIZE=1 size=2"), Fault::twice);
    EXPECT_EQ(parse("SIZE=-1"), Fault::value);
    EXPECT_EQ(parse("SIZE"), Fault::value);
    EXPECT_EQ(parse("BODY=BINARYMIME"), Fault::value);
    Extensions binary;
    binary.apply("+BINARYMIME");
    EXPECT_EQ(parse("BODY=BinaryMIME", binary.offered(false, false)), Fault::none);
    for (const std::string_view without : {"-CHUNKING", "-8BITMIME"}) {
        auto less = binary;
        less.apply(without);
        EXPECT_NE(parse("BODY=BINARYMIME", less.offered(false, false)), Fault::none) << without;
    }
    EXPECT_EQ(parse("BY=1;N"), Fault::parameter);
    EXPECT_EQ(parse("FOO\x01"), Fault::value);
    Extensions off;
    off.apply("-SIZE");
    EXPECT_EQ(parse("SIZE=1", off), Fault::parameter);
    Parameters parameters;
    EXPECT_EQ(parse_parameters("SIZE=1", ParameterPlace::rcpt, Extensions(), false, parameters),
              Fault::parameter);
}

Extensions everything()
{
    Extensions all;
    for (int i = 0; i <= static_cast<int>(Extension::help); ++i)
        all.switch_on(static_cast<Extension>(i));
    return all;
}

TEST(Parameters, OfMailAreWhatTheirRfcSaysAndTravelAsRecords)
{
    const std::string long_id(100, 'x');
    const std::vector<std::pair<std::string, std::string>> good{
        {"BODY=7bit", " body=7bit"},
        {"SMTPUTF8", " smtputf8=1"},
        {"REQUIRETLS", " requiretls=1"},
        {"RET=hdrs ENVID=a+2Bb", " ret=hdrs envid=a+2Bb"},
        {"ENVID=" + long_id, " envid=" + long_id},
        {"BY=120;R", " deliver-by=1120;R"},
        {"by=-30;nt", " deliver-by=970;NT"},
        {"BY=0;N", " deliver-by=1000;N"},
        {"HOLDFOR=60", " hold-until=1060"},
        {"HOLDUNTIL=1970-01-01T00:20:00Z", " hold-until=1200"},
        {"HOLDUNTIL=1970-01-01T02:20:00.5+02:00", " hold-until=1200"},
        {"MT-PRIORITY=-9", " priority=-9"},
        {"MT-PRIORITY=0", " priority=0"},
        {"MT-PRIORITY=4", " priority=0/4"},
    };
    for (const auto& [text, tail] : good) {
        Parameters parameters;
        ASSERT_EQ(parse_parameters(text, ParameterPlace::mail, everything(), false, parameters),
                  Fault::none)
            << text;
        grapnel::Extensions records;
        record_message(parameters, 1000, std::min(0, parameters.priority.value_or(0)), records);
        EXPECT_EQ(encode_tail(records), tail) << text;
    }
    for (const std::string text : {"SMTPUTF8=",
                                   "SMTPUTF8=1",
                                   "REQUIRETLS=no",
                                   "RET",
                                   "RET=",
                                   "RET=ALL",
                                   "ENVID",
                                   "ENVID=",
                                   "ENVID=a+2b",
                                   "ENVID=a+",
                                   "ENVID=\xc3\xa4",
                                   "BY=",
                                   "BY=1",
                                   "BY=;N",
                                   "BY=0;R",
                                   "BY=-1;R",
                                   "BY=1234567890;N",
                                   "BY=1;X",
                                   "BY=1;NTT",
                                   "BY=+1;N",
                                   "BY=--1;N",
                                   "HOLDFOR",
                                   "HOLDFOR=0",
                                   "HOLDFOR=-1",
                                   "HOLDFOR=1234567890",
                                   "HOLDUNTIL=tomorrow",
                                   "HOLDUNTIL=2026-02-30T00:00:00Z",
                                   "HOLDUNTIL=2026-02-03",
                                   "HOLDUNTIL=2026-02-03T25:00:00Z",
                                   "HOLDUNTIL=2026-02-03T00:00:00",
                                   "HOLDFOR=1 HOLDUNTIL=2026-02-03T00:00:00Z",
                                   "MT-PRIORITY=10",
                                   "MT-PRIORITY=+1",
                                   "MT-PRIORITY=-0",
                                   "MT-PRIORITY="}) {
        Parameters parameters;
        EXPECT_EQ(parse_parameters(text, ParameterPlace::mail, everything(), false, parameters),
                  Fault::value)
            << text;
    }
    Parameters parameters;
    EXPECT_EQ(parse_parameters("ENVID=" + long_id + "x", ParameterPlace::mail, everything(), false,
                               parameters),
              Fault::value);
    for (const std::string text : {"NOTIFY=NEVER", "MTRK=abc", "SUBMITTER=a@b"})
        EXPECT_EQ(parse_parameters(text, ParameterPlace::mail, everything(), false, parameters),
                  Fault::parameter)
            << text;
}

TEST(Parameters, OfRcptAreWhatTheirRfcSaysAndTravelAsRecords)
{
    const auto parse = [](const std::string& text, bool utf8 = false) -> std::string {
        Parameters parameters;
        parameters.smtputf8 = utf8;
        const auto fault =
            parse_parameters(text, ParameterPlace::rcpt, everything(), false, parameters);
        if (fault == Fault::value) return "value";
        if (fault != Fault::none) return "other";
        grapnel::Extensions records;
        record_recipient(parameters, records);
        return encode_tail(records);
    };
    EXPECT_EQ(parse("NOTIFY=never"), " notify=never");
    EXPECT_EQ(parse("NOTIFY=SUCCESS,DELAY ORCPT=rfc822;root"),
              " notify=SUCCESS,DELAY orcpt=rfc822;root");
    EXPECT_EQ(parse("ORCPT=utf-8;\xc3\xa4@b.example", true), " orcpt=utf-8;%C3%A4@b.example");
    EXPECT_EQ(parse("RRVS=2014-04-03T23:01:00Z"), " rrvs=2014-04-03T23:01:00Z");
    EXPECT_EQ(parse("RRVS=2014-04-03T23:01:00Z;r"), " rrvs=2014-04-03T23:01:00Z;r");
    for (const std::string text :
         {"NOTIFY=", "NOTIFY", "NOTIFY=NEVER,DELAY", "NOTIFY=SUCCESS,", "NOTIFY=SUCCES",
          "ORCPT=rfc822", "ORCPT=;a", "ORCPT=rfc822;", "ORCPT=rfc822;a b", "ORCPT=rfc822;a=b",
          "ORCPT=utf-8;\xc3\xa4@b.example", "RRVS=", "RRVS=2014-04-03",
          "RRVS=2014-04-03T23:01:00Z;X", "RRVS=2014-04-03T23:01:00.5Z"})
        EXPECT_NE(parse(text), "") << text;
    EXPECT_EQ(parse("ORCPT=utf-8;\xc3\xa4@b.example"), "value");
    EXPECT_EQ(parse("ORCPT=utf-8;\xc3@b.example", true), "value");
    EXPECT_EQ(parse("ORCPT=rfc822;" + std::string(494, 'a')), "value");
    EXPECT_EQ(parse("NOTIFY=NEVER NOTIFY=NEVER"), "other");
    EXPECT_EQ(parse("RET=FULL"), "other");
}

TEST(Paths, BeyondAsciiAreTakenWhereSmtputf8IsAskedFor)
{
    PathRules rules;
    rules.utf8_where_asked = true;
    parsed({"TO:<j\xc3\xb6@b.example> SMTPUTF8", Fault::none, "j\xc3\xb6@b.example"}, rules);
    parsed({"TO:<j\xc3\xb6@b.example> SIZE=1 smtputf8", Fault::none, "j\xc3\xb6@b.example"}, rules);
    parsed({"TO:<j\xc3\xb6@b.example>", Fault::non_ascii}, rules);
    parsed({"TO:<j\xc3\xb6@b.example> XSMTPUTF8", Fault::non_ascii}, rules);
    rules.utf8 = true;
    parsed({"TO:<a@b\xc3\xbc\x63her.example>", Fault::none, "a@xn--bcher-kva.example"}, rules);
    parsed({"TO:<a@B\xc3\x9c\x63HER.example>", Fault::none, "a@xn--bcher-kva.example"}, rules);
    for (const std::string address :
         {"j\xc3@b.example", "j\xc0\xaf@b.example", "j\xed\xa0\x80@b.example", "\xff@b.example"})
        parsed({"TO:<" + address + ">", Fault::non_ascii}, rules);
    parsed({"TO:<j\xc2\x85@b.example>", Fault::control}, rules);
    parsed({"TO:<a@\xe2\x98\xba.example>", Fault::mailbox}, rules);
    parsed({"TO:<a@-\xc3\xbc.example>", Fault::mailbox}, rules);
}

TEST(Extensions, SwitchesAndTheEhloList)
{
    const auto listed = [](const Extensions& extensions, const OfferedValues& values = {}) {
        return join(ehlo_lines(extensions, values), " ");
    };
    Extensions all;
    OfferedValues values;
    values.databytes = 100;
    values.max_mail = 7;
    values.max_recipients = 50;
    EXPECT_EQ(listed(all.offered(false, false), values),
              "PIPELINING 8BITMIME SIZE 100 ENHANCEDSTATUSCODES SMTPUTF8 DSN CHUNKING LIMITS "
              "MAILMAX=7 RCPTMAX=50 STARTTLS VRFY HELP");
    values.hold_max = 60;
    EXPECT_EQ(listed(Extensions(true).offered(true, true), values),
              "PIPELINING 8BITMIME SIZE 100 ENHANCEDSTATUSCODES SMTPUTF8 DSN CHUNKING LIMITS "
              "MAILMAX=7 RCPTMAX=50 REQUIRETLS DELIVERBY FUTURERELEASE 60 1970-01-01T00:01:00Z "
              "AUTH  VRFY "
              "HELP");
    all.apply("-ALL");
    EXPECT_EQ(listed(all), "");
    std::vector<std::string> bad;
    all.apply({"+size", "-DSN", "-BURL", "+EXPN", "+REQUIRETLS", "SIZE", "HELP:yes", "+HELP:tls",
               ":tls", "+", "DSN:auth", "chunking:TLS", "+DELIVERBY"},
              &bad);
    EXPECT_EQ(join(bad, " "), "+EXPN SIZE HELP:yes +HELP:tls :tls +");
    EXPECT_EQ(listed(all.offered(false, false)), "SIZE DELIVERBY");
    EXPECT_EQ(listed(all.offered(true, false)), "SIZE CHUNKING REQUIRETLS DELIVERBY");
    EXPECT_EQ(listed(all.offered(false, true)), "SIZE DSN DELIVERBY");
    all.apply("+FUTURERELEASE");
    values = {};
    values.hold_max = 86400;
    values.deliver_by_min = 60;
    EXPECT_EQ(listed(all.offered(false, false), values), "SIZE DELIVERBY 60");
    EXPECT_EQ(listed(all.offered(false, true), values),
              "SIZE DSN DELIVERBY 60 FUTURERELEASE 86400 1970-01-02T00:00:00Z");
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
    EXPECT_FALSE(all[Lax::lateuser]);
}

TEST(Answer, CarriesItsEnhancedCodeOnEachLine)
{
    const auto encode = [](const Answer& what, bool with_enhanced_codes) {
        std::string wire;
        append(wire, what, with_enhanced_codes);
        return wire;
    };
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
