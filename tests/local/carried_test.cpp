#include "local/carried.hpp"

#include <gtest/gtest.h>

namespace grapnel::local {
namespace {

constexpr std::string_view records =
    "body=8BITMIME envid=x ret=HDRS notify=SUCCESS,FAILURE orcpt=rfc822;A@b";

std::string block(std::string_view given, Onward onward, std::size_t recipients)
{
    auto bytes = encode_block(carried_on(given, onward, recipients));
    for (char& c : bytes)
        if (c == '\0') c = '|';
    return bytes;
}

TEST(Carried, AnAliasOfOneAddressKeepsAll)
{
    EXPECT_EQ(block(records, Onward::to_one, 1),
              "body=8BITMIME|ret=HDRS|envid=x|0:notify=SUCCESS,FAILURE|0:orcpt=rfc822;A@b|");
    EXPECT_EQ(report_line(records, Onward::to_one), "dsn passed on\n");
}

TEST(Carried, OfManySuccessIsToldHere)
{
    EXPECT_EQ(block(records, Onward::to_many, 2),
              "body=8BITMIME|ret=HDRS|envid=x|0:notify=FAILURE|0:orcpt=rfc822;A@b|"
              "1:notify=FAILURE|1:orcpt=rfc822;A@b|");
    EXPECT_EQ(block("notify=SUCCESS", Onward::to_many, 1), "0:notify=NEVER|");
    EXPECT_EQ(block("notify=NEVER", Onward::to_many, 1), "0:notify=NEVER|");
    EXPECT_EQ(report_line(records, Onward::to_many), "dsn expanded\n");
    EXPECT_EQ(report_line("envid=x", Onward::to_many), "");
}

TEST(Carried, AListIsANewMessage)
{
    EXPECT_EQ(block(records, Onward::as_list, 2), "body=8BITMIME|");
    EXPECT_EQ(block("priority=-3 deliver-by=9;N", Onward::as_list, 2), "priority=-3|");
    EXPECT_EQ(block("priority=3/5 rrvs=2014-04-03T23:01:00Z", Onward::to_one, 1), "priority=3/5|");
    EXPECT_EQ(report_line(records, Onward::as_list), "");
    EXPECT_EQ(block("", Onward::to_one, 1), "");
    EXPECT_EQ(block("no record", Onward::to_one, 1), "");
}

}
}
