// What scanners are told outbound.
#include "send/outbound_facts.hpp"

#include <gtest/gtest.h>

namespace grapnel::send {
namespace {

using hooks::DeliveryStatus;
using hooks::EsmtpParameters;
using hooks::Response;
constexpr auto local = queue::Channel::local, remote = queue::Channel::remote;

struct OutboundFacts : testing::Test {
    MessageInfo info;
    Config config;
    OutboundFacts()
    {
        info.sender = "list@a.example-@[]";
        info.birth = 1000;
        config.lifetime = 500;
        config.server = {"mx.example", "192.0.2.9", 25};
        config.message_limit = 77;
    }
};

TEST_F(OutboundFacts, OfADelivery)
{
    info.message.set("id", "019ac3f2-6f00-7b1e-8c3d-0a1b2c3d4e5f");
    info.message.set("body", "8BITMIME");
    info.message.set("smtputf8", "1");
    info.message.set("ip", "192.0.2.1");
    info.recipients[{remote, 2}].set("orcpt", "rfc822;e+2Bx@f");
    const Reported bob{{remote, 2},
                       "bob@far.example",
                       {4, Response{451, "4.7.1", "later"}, {}, {}, {}},
                       {DeliveryStatus::deferred, 1400, never}};
    const auto facts = delivery_facts(hooks::Stage::delivery, 53, info,
                                      "list-bob=far.example@a.example", bob, config, 1'234'567);
    EXPECT_EQ(facts.stage, hooks::Stage::delivery);
    EXPECT_EQ(facts.action, hooks::Action::proceed);
    EXPECT_EQ(facts.timestamp, 1'234'567);
    EXPECT_EQ(facts.server, config.server);
    EXPECT_EQ(facts.message_limit, 77u);
    EXPECT_TRUE(facts.smtputf8);
    EXPECT_FALSE(facts.client || facts.response);
    EXPECT_EQ(*facts.queue, (hooks::QueueFacts{"019ac3f2-6f00-7b1e-8c3d-0a1b2c3d4e5f", 1500, 4}));
    EXPECT_EQ(facts.envelope->from,
              (hooks::Sender{"list-bob=far.example@a.example",
                             EsmtpParameters{{"BODY", "8BITMIME"}, {"SMTPUTF8", ""}}}));
    ASSERT_EQ(facts.envelope->to.size(), 1u);
    EXPECT_EQ(facts.envelope->to[0],
              (hooks::Recipient{"bob@far.example", EsmtpParameters{{"ORCPT", "rfc822;e+2Bx@f"}},
                                hooks::DeliveryFacts{DeliveryStatus::deferred, 4,
                                                     Response{451, "4.7.1", "later"}, 1400,
                                                     std::nullopt, "remote"}}));
}

TEST_F(OutboundFacts, OnlyWhoWaitsHasANextAttempt)
{
    const Reported ann{
        {local, 0}, "ann@here.example", {1, {}, {}, {}, {}}, {DeliveryStatus::delivered, 9, {}}};
    const auto facts =
        delivery_facts(hooks::Stage::delivery, 53, info, "s@a.example", ann, config, 0);
    EXPECT_FALSE(facts.envelope->to[0].delivery->next_attempt_at);
    EXPECT_EQ(facts.queue->id, "53.1000") << "mail without a name of its own";
}

TEST_F(OutboundFacts, OfANoticeAreThoseWhoFailed)
{
    info.recipients[{local, 0}].set("notify", "DELAY");
    auto& twin = info.recipients[{remote, 0}];
    twin.set("notify", "FAILURE");
    write_state(twin, {2, Response{550, "5.1.1", "no"}, {}, {}, "bob@far.example"});
    write_state(info.recipients[{remote, 3}], {1, {}, {}, {}, "bob@far.example"});
    const auto facts = notice_facts(53, info,
                                    {{"bob@far.example", "no\n"},
                                     {"old@far.example", "gone (#5.1.2)\n"},
                                     {"bob@far.example", "no\n"}},
                                    config, 0);
    EXPECT_EQ(facts.stage, hooks::Stage::dsn);
    EXPECT_EQ(facts.envelope->from.address, "list@a.example") << "whom the notice goes to";
    ASSERT_EQ(facts.envelope->to.size(), 3u);
    const auto& [first, second, third] =
        std::tie(facts.envelope->to[0], facts.envelope->to[1], facts.envelope->to[2]);
    EXPECT_EQ(first.parameters, (EsmtpParameters{{"NOTIFY", "FAILURE"}}));
    EXPECT_EQ(first.delivery->attempt, 2u);
    EXPECT_EQ(first.delivery->last_response, (Response{550, "5.1.1", "no"}));
    EXPECT_EQ(second.delivery->last_response, (Response{550, "5.1.2", "gone"}));
    EXPECT_EQ(second.delivery->status, DeliveryStatus::failed);
    EXPECT_FALSE(second.delivery->queue_name) << "nothing but his paragraph is known";
    EXPECT_EQ(third.delivery->attempt, 1u) << "each of two with one address is told";
}

}
}
