#include "base/mail/date.hpp"
#include "base/mail/owners.hpp"
#include "base/mail/valid_since.hpp"

#include <gtest/gtest.h>

using namespace grapnel;

namespace {
constexpr std::time_t april = 1396566060;   // 2014-04-03T23:01:00Z
}

TEST(Date5322, IsReadInAllItsForms)
{
    for (const char* text :
         {"Thu, 3 Apr 2014 23:01:00 +0000", "3 apr 2014 23:01 GMT", " Thu , 03 Apr 2014 23:01 UT ",
          "Fri, 4 Apr 2014 01:01:00 +0200 (somewhere (else))", "3 Apr 2014 18:01:00 -0500",
          "3(x)Apr\n 2014\t23:01:00 Z", "3 Apr 14 19:01:00 EDT", "3 Apr 114 15:01 PST",
          "3 Apr 2014 23:01:00 -0000", "4 Apr 2014 04:31:00 +0530"})
        EXPECT_EQ(parse_date_5322(text), april) << text;
    EXPECT_EQ(parse_date_5322(date_5322(april, -210)), april);
    for (const char* text :
         {"", "Thu, 3 Apr 2014", "3 Apr 2014 23:01:00", "Day, 3 Apr 2014 23:01:00 +0000",
          "31 Feb 2014 23:01:00 +0000", "3 Apr 2014 24:01:00 +0000", "3 Apr 2014 23:01:00 +9900",
          "3 Apr 2014 23:1:00 +0000", "2014-04-03T23:01:00Z", "3 Apr 2014 23:01:00 +0000 (x",
          "3 Apr 1969 23:01:00 +0000", "3 Apr 2014 23:01:00 +0000 x", "99999999999 Apr 2014 1:1 Z",
          "1 Jan 1970 00:00:00 +0100"})
        EXPECT_FALSE(parse_date_5322(text)) << text;
}

TEST(ValidSince, ParameterSaysWhenAndWhetherToGoOn)
{
    for (const auto& [text, goes_on] : {std::pair("2014-04-03T23:01:00Z", false),
                                        {"2014-04-03T23:01:00Z;R", false},
                                        {"2014-04-03T23:01:00Z;r", false},
                                        {"2014-04-04T01:01:00+02:00;C", true},
                                        {"2014-04-03t19:01:00-04:00;c", true}}) {
        const auto found = parse_rrvs(text);
        ASSERT_TRUE(found) << text;
        EXPECT_EQ(found->time, april) << text;
        EXPECT_EQ(found->go_on, goes_on) << text;
    }
    for (const char* text :
         {"", "2014-04-03", "2014-04-03T23:01:00.5Z", "2014-04-03T23:01:00Z;",
          "2014-04-03T23:01:00Z;X", "2014-04-03T23:01:00Z;C;R", ";C", "2014-04-03T23:01:00"})
        EXPECT_FALSE(parse_rrvs(text)) << text;
}

TEST(ValidSince, FieldNamesAddressAndDate)
{
    const auto field = parse_valid_since(" joe@here.example;\n Thu, 3 Apr 2014 23:01:00 +0000\n");
    ASSERT_TRUE(field);
    EXPECT_EQ(field->address, "joe@here.example");
    EXPECT_EQ(field->time, april);
    const auto quoted = parse_valid_since(" \"a;b c\"@here.example ; 3 Apr 2014 23:01 GMT");
    ASSERT_TRUE(quoted);
    EXPECT_EQ(quoted->address, "a;b c@here.example");
    EXPECT_EQ(valid_since_field("joe@here.example", april),
              "Require-Recipient-Valid-Since: joe@here.example; Thu, 3 Apr 2014 23:01:00 +0000");
    for (const char* text :
         {"", ";", "joe@here.example", "joe@here.example;", "joe; 3 Apr 2014 23:01 GMT",
          "<joe@here.example>; 3 Apr 2014 23:01 GMT", "joe@; 3 Apr 2014 23:01 GMT",
          "joe@a, ann@b; 3 Apr 2014 23:01 GMT", "\"joe@a; 3 Apr 2014 23:01 GMT",
          "joe@here.example; 2014-04-03T23:01:00Z", "\"joe@h\"ere.example; 3 Apr 2014 23:01 GMT",
          "j\\oe@here.example; 3 Apr 2014 23:01 GMT"})
        EXPECT_FALSE(parse_valid_since(text)) << text;
}

TEST(Owners, WhoCameLaterThanTheSenderSaysIsAnother)
{
    const Owners owners({"joe@here.example:2014-04-03T23:01:00Z", "Ann@here.example:2014-04-04",
                         "@bought.example:2015-01-01", "new@bought.example:2016-01-01",
                         "lost@here.example:unknown", "odd@here.example:yesterday",
                         "joe-x@here.example:2001-01-01", "info@here.example:2020-01-01"});
    EXPECT_EQ(owners.of("joe@here.example", april), Owner::same);
    EXPECT_EQ(owners.of("JOE@Here.Example", april - 1), Owner::another);
    EXPECT_EQ(owners.of("ann@here.example", april), Owner::another);
    EXPECT_EQ(owners.of("ann@here.example", april + 3540), Owner::same);
    EXPECT_EQ(owners.of("nobody@here.example", 0), Owner::same);
    EXPECT_EQ(owners.of("any@bought.example", april), Owner::another_domain);
    EXPECT_EQ(owners.of("any@bought.example", 1430000000), Owner::same);
    EXPECT_EQ(owners.of("new@bought.example", 1430000000), Owner::another);
    EXPECT_EQ(owners.of("lost@here.example", april), Owner::unknown);
    EXPECT_EQ(owners.of("odd@here.example", april), Owner::unknown);
    EXPECT_EQ(owners.of("", 0), Owner::same);
}

TEST(Owners, AddressesOfAUserAreHis)
{
    const Owners owners({"joe@here.example:2014-04-04", "joe-old@here.example:2001-01-01"});
    EXPECT_EQ(owners.of("joe-lists-c@here.example", april), Owner::another);
    EXPECT_EQ(owners.of("joe-old@here.example", april), Owner::same);
    EXPECT_EQ(owners.of("joe-old-x@here.example", april), Owner::same);
    EXPECT_EQ(owners.of("joey@here.example", april), Owner::same);
    EXPECT_EQ(owners.of("-joe@here.example", april), Owner::same);
    EXPECT_EQ(Owners({"joe@here.example:2014-04-04"}, '+').of("joe+a@here.example", april),
              Owner::another);
}

TEST(Owners, RolesBelongToNobody)
{
    const Owners owners({"@here.example:2020-01-01", "abuse@here.example:2020-01-01"});
    for (const char* role : {"postmaster", "Abuse", "hostmaster", "info", "ftp"})
        EXPECT_EQ(owners.of(std::string(role) + "@here.example", april), Owner::same) << role;
    EXPECT_EQ(owners.of("abuser@here.example", april), Owner::another_domain);
}

TEST(Owners, FaultsOfLinesAreFound)
{
    for (const char* line : {"joe@a:2014-04-03", "@a: 2014-04-03T01:00:00+01:00", "x@a:unknown"})
        EXPECT_EQ(owner_line_fault(line), "") << line;
    for (const char* line : {"joe:2014-04-03", "joe@a", "@:2014-04-03", "joe@a:3 Apr 2014",
                             "joe@a:2014-04-31", "joe@a:"})
        EXPECT_NE(owner_line_fault(line), "") << line;
}
