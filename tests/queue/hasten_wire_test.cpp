#include "queue/hasten_wire.hpp"

#include <gtest/gtest.h>

using namespace grapnel::queue;
using State = HastenAnswer::State;

TEST(HastenWire, RequestsHaveTheDocumentedBytes)
{
    EXPECT_EQ(encode(HastenRequest{"far.example", false}), "hasten far.example\n");
    EXPECT_EQ(encode(HastenRequest{"far.example", true}), "hasten @far.example\n");
    EXPECT_EQ(decode_hasten_request("hasten FAR.example"), (HastenRequest{"far.example", false}));
    EXPECT_EQ(decode_hasten_request("hasten @far.example"), (HastenRequest{"far.example", true}));
    EXPECT_TRUE(decode_hasten_request("hasten " + std::string(255, 'x')));
}

TEST(HastenWire, NothingElseIsARequest)
{
    for (const std::string line :
         {"", "hasten", "hasten ", "hasten @", "hasten @@x", "hasten a@b", "hasten a b",
          "hasten \t", "hasten \xc3\xa4", "hasten x\r", "release 4711", "far.example"})
        EXPECT_FALSE(decode_hasten_request(line)) << line;
    EXPECT_FALSE(decode_hasten_request("hasten " + std::string(256, 'x')));
}

TEST(HastenWire, AnswersAreReadBackAndNothingElseIs)
{
    for (const auto& answer : {HastenAnswer{State::done, 0}, HastenAnswer{State::done, 1u << 31},
                               HastenAnswer{State::begun, 3}, HastenAnswer{}}) {
        const auto line = encode(answer);
        ASSERT_TRUE(line.ends_with('\n'));
        EXPECT_EQ(decode_hasten_answer(line.substr(0, line.size() - 1)), answer) << line;
    }
    for (const auto* line : {"", "done", "done ", "done -1", "done 1x", "begun", "later 1", "ok",
                             "done 99999999999999999999"})
        EXPECT_FALSE(decode_hasten_answer(line)) << line;
}

TEST(HastenWire, ADomainIsMeantByItsNameOrByOneAboveIt)
{
    const HastenRequest one{"b.example", false}, all{"b.example", true};
    EXPECT_TRUE(covers(one, "b.example") && covers(all, "b.example"));
    EXPECT_FALSE(covers(one, "a.b.example"));
    EXPECT_TRUE(covers(all, "a.b.example") && covers(all, "x.a.b.example"));
    for (const auto* other : {"ab.example", "example", "", ".b.example", "b.example.org"})
        EXPECT_FALSE(covers(one, other) || covers(all, other)) << other;
}
