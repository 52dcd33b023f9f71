#include "hooks/server/permission.hpp"

#include <gtest/gtest.h>

namespace grapnel::hooks {

namespace {

constexpr KnownUsers users{71, 72, 73};
wire::Saying at(Stage stage, bool with_message = true, std::string only = {})
{
    wire::Request request{{}, with_message, std::move(only)};
    request.facts.stage = stage;
    return request;
}
wire::Saying followed(std::uint64_t size)
{
    wire::Request request{{}, true, {}, size};
    request.facts.stage = Stage::data;
    return request;
}
bool may(uid_t uid, const wire::Saying& saying, std::uint64_t injected = 0, bool sealed = true)
{
    return refusal(standing(uid, users), saying, injected, sealed).empty();
}

}

TEST(Permission, StagesAskForWhatTheyNeed)
{
    for (const uid_t uid : {0u, 71u, 72u, 73u})
        for (const Stage stage : all_stages) EXPECT_TRUE(may(uid, at(stage), 0, false)) << uid;
}

TEST(Permission, StrangersHaveTheDataStageWhereTheyMayAndNoFiles)
{
    EXPECT_FALSE(may(1000, at(Stage::data)));
    EXPECT_TRUE(may(1000, at(Stage::data), 100));
    EXPECT_FALSE(may(1000, at(Stage::data), 100, false));
    EXPECT_TRUE(may(1000, followed(100), 100, false));
    EXPECT_FALSE(may(1000, followed(101), 100, false));
    EXPECT_FALSE(may(1000, followed(100), 0, false));
    EXPECT_FALSE(may(1000, at(Stage::rcpt), 100));
    EXPECT_FALSE(may(1000, at(Stage::dsn), 100));
    EXPECT_FALSE(may(1000, wire::Reload{}, 100));
    EXPECT_FALSE(may(1000, wire::StatusWanted{}, 100));
}

TEST(Permission, OnlyOwnersSeeTheStateAndTryScanners)
{
    for (const uid_t uid : {0u, 73u}) {
        EXPECT_TRUE(may(uid, wire::StatusWanted{}));
        EXPECT_TRUE(may(uid, at(Stage::data, true, "x")));
    }
    for (const uid_t uid : {71u, 72u}) {
        EXPECT_FALSE(may(uid, wire::StatusWanted{}));
        EXPECT_FALSE(may(uid, at(Stage::data, true, "x")));
    }
    EXPECT_TRUE(may(72, wire::Reload{}));
    EXPECT_FALSE(may(71, wire::Reload{}));
}

TEST(Permission, WhatHookdSaysItselfIsNoRequest)
{
    EXPECT_FALSE(may(0, wire::Decided{}));
    EXPECT_FALSE(may(0, wire::Question{}));
    EXPECT_FALSE(may(0, wire::QuestionAnswered{}));
}

}
