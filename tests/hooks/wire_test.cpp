#include "hooks/wire/wire.hpp"

#include "all_facts.hpp"

#include <gtest/gtest.h>

namespace grapnel::hooks::wire {

namespace {

std::string payload(const std::string& frame) { return frame.substr(4); }

template <class Kind>
Kind again(const Kind& said)
{
    auto saying = decode(payload(encode(said)));
    EXPECT_TRUE(saying) << saying.error().text;
    return std::move(std::get<Kind>(*saying));
}

}

TEST(HookWire, FactsComeBackAsTheyWere)
{
    EXPECT_EQ(again(Request{all_facts(), true, "x"}).facts, all_facts());
    EXPECT_TRUE(again(Request{all_facts(), true, "x"}).with_message);
    EXPECT_EQ(again(Request{all_facts(), true, "x"}).only, "x");
    EXPECT_EQ(again(Request{all_facts(), true, "", 70'000}).following, 70'000u);
    EXPECT_EQ(again(Request{}).facts, Facts());
    EXPECT_EQ(again(Request{}).following, 0u);
    EXPECT_FALSE(again(Request{}).with_message);
}

TEST(HookWire, WhatIsEmptyIsNotWhatIsAbsent)
{
    Facts facts;
    facts.envelope = EnvelopeFacts{};
    facts.client = ClientFacts{.ptr = ""};
    EXPECT_EQ(again(Request{facts}).facts, facts);
    Decided decided;
    decided.decision.to = std::vector<Recipient>{};
    EXPECT_EQ(again(decided).decision.to, std::vector<Recipient>{});
    EXPECT_EQ(again(Decided{}).decision.to, std::nullopt);
}

TEST(HookWire, DecisionsComeBackAsTheyWere)
{
    Decided decided{whole_decision(), true};
    const auto read = again(decided);
    EXPECT_TRUE(equal(read.decision, decided.decision));
    EXPECT_TRUE(read.with_message);
    EXPECT_TRUE(equal(again(Decided{}).decision, Decision()));
}

TEST(HookWire, SmallSayingsComeBackAsTheyWere)
{
    EXPECT_EQ(again(Question{"<x@y>"}).address, "<x@y>");
    for (const auto answer : {MayAdd::yes, MayAdd::foreign, MayAdd::no})
        EXPECT_EQ(again(QuestionAnswered{answer}).answer, answer);
    EXPECT_EQ(again(Report{"{}"}).json, "{}");
    EXPECT_EQ(again(Refused{"busy"}).why, "busy");
    again(Reload{});
    again(StatusWanted{});
}

TEST(HookWire, EveryStageActionAndStatusHasItsName)
{
    for (const Stage stage : all_stages) {
        Facts facts;
        facts.stage = stage;
        EXPECT_EQ(again(Request{facts}).facts.stage, stage);
    }
    for (int n = 0; n <= static_cast<int>(Action::cancel); ++n) {
        Facts facts;
        facts.action = static_cast<Action>(n);
        EXPECT_EQ(again(Request{facts}).facts.action, facts.action);
    }
}

TEST(HookWire, CutShortIsNeverAccepted)
{
    for (const auto& whole :
         {payload(encode(Request{all_facts(), true, "x"})),
          payload(encode(Decided{whole_decision(), true})), payload(encode(QuestionAnswered{}))})
        for (std::size_t length = 0; length < whole.size(); ++length)
            EXPECT_FALSE(decode(std::string_view(whole).substr(0, length))) << length;
}

TEST(HookWire, NothingMayFollow) { EXPECT_FALSE(decode(payload(encode(Reload{})) + '\xf6')); }

TEST(HookWire, MembersThatAreNotKnownAreSkipped)
{
    // ["question", {"later": [{"x": 1}, null], "address": 'a'}]
    const std::string frame("\x82\x68question\xa2\x65later\x82\xa1\x61x\x01\xf6\x67"
                            "address\x41"
                            "a");
    auto saying = decode(frame);
    ASSERT_TRUE(saying);
    EXPECT_EQ(std::get<Question>(*saying).address, "a");
}

TEST(HookWire, LengthsThatLieCostNothing)
{
    for (const char* text : {"\x82\x68question\xbb\xff\xff\xff\xff\xff\xff\xff\xff",
                             "\x82\x68question\xa1\x67"
                             "address\x5b\xff\xff\xff\xff\xff\xff\xff\xff",
                             "\x82\x68question\xa1\x61x\x9b\xff\xff\xff\xff\xff\xff\xff\xff",
                             "\x82\x68question\xa1\x61x\xbb\x80"})
        EXPECT_FALSE(decode(text));
}

TEST(HookWire, MoreRecipientsThanAnyoneMayHaveAreRefused)
{
    Facts facts;
    facts.envelope = EnvelopeFacts{};
    facts.envelope->to.resize(50'000, {"a@b", {}, {}});
    EXPECT_EQ(again(Request{facts}).facts, facts);
    facts.envelope->to.push_back({"a@b", {}, {}});
    EXPECT_FALSE(decode(payload(encode(Request{facts}))));
}

TEST(HookWire, NumbersThatDoNotFitAreRefused)
{
    // port: 65536
    const std::string port("\x82\x67request\xa1\x65"
                           "facts\xa1\x66server\xa1\x64port\x1a\x00\x01\x00\x00",
                           36);
    EXPECT_FALSE(decode(port));
}

TEST(HookWire, FramesComeInAnyPieces)
{
    const std::string two = encode(Question{"one"}) + encode(Question{"two"});
    for (std::size_t piece = 1; piece <= two.size(); ++piece) {
        FrameBuffer frames;
        std::vector<std::string> found;
        for (std::size_t at = 0; at < two.size();) {
            at += frames.add(std::string_view(two).substr(at, piece));
            if (auto frame = frames.take()) found.push_back(*frame);
        }
        ASSERT_EQ(found.size(), 2u) << piece;
        EXPECT_EQ(std::get<Question>(*decode(found[1])).address, "two");
        EXPECT_TRUE(frames.is_empty());
    }
}

TEST(HookWire, AFrameOverTheLimitIsKnownByItsLength)
{
    FrameBuffer frames(10);
    EXPECT_EQ(frames.add(std::string_view("\0\0\0\x0a", 4)), 4u);
    EXPECT_FALSE(frames.is_too_long());
    FrameBuffer more(10);
    more.add(std::string_view("\0\0\0\x0b", 4));
    EXPECT_TRUE(more.is_too_long());
    EXPECT_EQ(more.add("x"), 0u);
    EXPECT_EQ(more.take(), std::nullopt);
}

}
