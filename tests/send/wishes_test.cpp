#include "send/wishes.hpp"

#include "send/hold_request.hpp"
#include "send/recipient_state.hpp"

#include <gtest/gtest.h>

namespace grapnel::send {
namespace {

Extensions with(std::string_view name, std::string_view value)
{
    Extensions records;
    records.set(name, value);
    return records;
}

queue::Info info_with(std::string_view name, std::string_view value)
{
    return {"s@a.example", with(name, value), {}, 0};
}

TEST(Wishes, ReadNotify)
{
    EXPECT_EQ(read_notify({}), (Notify{false, false, true, false}));
    EXPECT_EQ(read_notify(with("notify", "NEVER")), (Notify{true, false, false, false}));
    EXPECT_EQ(read_notify(with("notify", "success,Delay")), (Notify{true, true, false, true}));
    EXPECT_EQ(read_notify(with("notify", "FAILURE")), (Notify{true, false, true, false}));
    EXPECT_EQ(read_notify(with("notify", "SUCCESS,NEVER")), (Notify{true, false, false, false}));
    EXPECT_EQ(read_notify(with("notify", "gibberish")), Notify{}) << "as if not given";
}

TEST(Wishes, ReadDeliverBy)
{
    EXPECT_EQ(read_deliver_by(with("deliver-by", "100;R")), (DeliverBy{100, true, false}));
    EXPECT_EQ(read_deliver_by(with("deliver-by", "100;nT")), (DeliverBy{100, false, true}));
    for (const auto* bad : {"100", "100;", "100;X", ";R", "x;R", "100;RTT", "100;R;T"})
        EXPECT_FALSE(read_deliver_by(with("deliver-by", bad))) << bad;
}

TEST(Wishes, ReadPriority)
{
    EXPECT_EQ(priority({}), 0);
    EXPECT_EQ(priority(with("priority", "3")), 3);
    EXPECT_EQ(priority(with("priority", "-9/4")), -9);
    for (const auto* bad : {"", "10", "--1", "x", "/3"})
        EXPECT_EQ(priority(with("priority", bad)), 0) << bad;
}

TEST(Wishes, AHeldMessageLivesFromItsReleaseOn)
{
    const auto info = info_with("hold-until", "5000");
    EXPECT_TRUE(is_held(info, 4999));
    EXPECT_FALSE(is_held(info, 5000));
    EXPECT_EQ(start_of_life(info, 1000), 5000);
    EXPECT_EQ(start_of_life(info, 6000), 6000);
    EXPECT_EQ(end_of_life(info, 1000, 100), 5100);
    EXPECT_FALSE(is_held(info_with("hold-until", "soon"), 0));
    EXPECT_FALSE(is_held(info_with("id", "x"), 0));
}

TEST(Wishes, KnowWhoAskedForReports)
{
    EXPECT_TRUE(asks_for_reports(info_with("envid", "x")));
    EXPECT_TRUE(asks_for_reports(info_with("ret", "HDRS")));
    auto info = info_with("id", "x");
    EXPECT_FALSE(asks_for_reports(info));
    info.recipients[{queue::Channel::local, 0}] = with("notify", "DELAY");
    EXPECT_TRUE(asks_for_reports(info));
    EXPECT_FALSE(asks_for_success(info));
    info.recipients[{queue::Channel::remote, 3}] = with("notify", "FAILURE,SUCCESS");
    EXPECT_TRUE(asks_for_success(info));
}

TEST(HoldRequest, IsReadAsItIsWritten)
{
    const HoldRequest one{HoldRequest::Kind::release, 4711}, two{HoldRequest::Kind::cancel, 1};
    EXPECT_EQ(encode(one), "release 4711\n");
    EXPECT_EQ(decode_hold_request("release 4711"), one);
    EXPECT_EQ(decode_hold_request("cancel 1"), two);
    for (const auto* bad : {"", "release", "release ", "release -1", "cancel 1 2", "drop 1",
                            "release 99999999999999999999"})
        EXPECT_FALSE(decode_hold_request(bad)) << bad;
}

TEST(HoldRequest, AnswersSayWhetherToTryAgain)
{
    EXPECT_TRUE(decode_hold_answer("ok"));
    EXPECT_EQ(encode_hold_answer(permanent("is not held")), "never is not held\n");
    EXPECT_EQ(decode_hold_answer("never is not held").error().retry, Retry::never);
    EXPECT_EQ(decode_hold_answer("later busy").error().retry, Retry::later);
    EXPECT_EQ(decode_hold_answer("").error().retry, Retry::later);
}

}
}
