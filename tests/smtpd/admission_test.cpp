// Who gets in: limits of one process, and of one client over all of them.
#include "smtpd/admission.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace grapnel::smtpd {
namespace {

using namespace std::chrono_literals;
using Verdict = Admission::Verdict;

net::IpAddress ip(std::string_view text) { return *net::IpAddress::parse(text); }

struct Door : ::testing::Test {
    Shared shared{2};
    Admission one{{shared.parts(), 0, shared.seed()}}, two{{shared.parts(), 1, shared.seed()}};
    Config config;
    Moment now{1h};

    Door() { config.rate = 0; }
    Verdict enter(Admission& admission, std::string_view address, bool privileged = false)
    {
        return admission.enter(ip(address), privileged, config, now).verdict;
    }
};

TEST_F(Door, ATenthIsKeptForOurs)
{
    config.max_sessions = 10;
    config.max_per_client = 0;
    for (int i = 0; i < 9; ++i) EXPECT_EQ(enter(one, "192.0.2.1"), Verdict::welcome);
    EXPECT_EQ(enter(one, "192.0.2.2"), Verdict::full);
    EXPECT_EQ(enter(one, "127.0.0.1", true), Verdict::welcome);
    EXPECT_EQ(enter(one, "127.0.0.1", true), Verdict::full);
    EXPECT_EQ(enter(two, "192.0.2.2"), Verdict::welcome);
}

TEST_F(Door, FromFourFifthsOnItIsCrowded)
{
    config.max_sessions = 10;
    EXPECT_FALSE(Admission::is_crowded(7, config));
    EXPECT_TRUE(Admission::is_crowded(8, config));
}

TEST_F(Door, ConnectionsOfAClientAddUpOverTheWorkers)
{
    config.max_per_client = 3;
    const auto first = one.enter(ip("192.0.2.1"), false, config, now);
    EXPECT_EQ(enter(two, "192.0.2.1"), Verdict::welcome);
    EXPECT_EQ(enter(two, "192.0.2.1"), Verdict::welcome);
    EXPECT_EQ(enter(one, "192.0.2.1"), Verdict::too_many);
    EXPECT_EQ(enter(two, "192.0.2.1"), Verdict::too_many);
    EXPECT_EQ(enter(two, "192.0.2.1", true), Verdict::welcome);
    EXPECT_EQ(enter(two, "192.0.2.2"), Verdict::welcome);
    one.leave(first.counted);
    EXPECT_EQ(enter(two, "192.0.2.1"), Verdict::welcome);
}

TEST_F(Door, AnIpv6ClientIsANetworkOf64Bits)
{
    config.max_per_client = 1;
    EXPECT_EQ(enter(one, "2001:db8::1"), Verdict::welcome);
    EXPECT_EQ(enter(two, "2001:db8::2"), Verdict::too_many);
    EXPECT_EQ(enter(two, "2001:db8:0:1::2"), Verdict::welcome);
}

TEST_F(Door, AWorkerThatDiesTakesItsClientsAlong)
{
    config.max_per_client = 1;
    EXPECT_EQ(enter(one, "192.0.2.1"), Verdict::welcome);
    EXPECT_EQ(enter(two, "192.0.2.1"), Verdict::too_many);
    shared.parts()[0].clear();
    EXPECT_EQ(enter(two, "192.0.2.1"), Verdict::welcome);
}

TEST_F(Door, NewConnectionsHaveARateOverTheWorkers)
{
    config.rate = 10;
    config.burst = 5;
    config.max_per_client = 0;
    for (int i = 0; i < 5; ++i)
        EXPECT_EQ(enter(i % 2 == 0 ? one : two, "192.0.2.1"), Verdict::welcome);
    EXPECT_EQ(enter(one, "192.0.2.1"), Verdict::too_fast);
    EXPECT_EQ(enter(two, "192.0.2.1"), Verdict::too_fast);
    EXPECT_EQ(enter(two, "192.0.2.2"), Verdict::welcome);
    now += 100ms;
    EXPECT_EQ(enter(two, "192.0.2.1"), Verdict::welcome);
    EXPECT_EQ(enter(one, "192.0.2.1"), Verdict::too_fast);
    now += 1h;
    for (int i = 0; i < 5; ++i) EXPECT_EQ(enter(one, "192.0.2.1"), Verdict::welcome);
    EXPECT_EQ(enter(one, "192.0.2.1"), Verdict::too_fast);
}

TEST_F(Door, AFullTableCountsNoMoreButLetsIn)
{
    config.max_sessions = 1000000;
    std::size_t uncounted = 0;
    for (unsigned i = 0; i < 40000; ++i) {
        const auto bytes = std::array<std::uint8_t, 4>{10, static_cast<std::uint8_t>(i >> 16),
                                                       static_cast<std::uint8_t>(i >> 8),
                                                       static_cast<std::uint8_t>(i)};
        const auto entry = one.enter(net::IpAddress::v4(bytes), false, config, now);
        ASSERT_EQ(entry.verdict, Verdict::welcome);
        if (!entry.counted) ++uncounted;
    }
    EXPECT_GT(uncounted, 40000u - 2048 * 8 - 1);
    EXPECT_LT(uncounted, 40000u - 2048 * 8 + 200);
}

TEST_F(Door, WhoIsGoneLeavesHisPlaceToOthers)
{
    config.max_sessions = 1000000;
    config.rate = 10;
    config.burst = 50;
    for (unsigned i = 0; i < 100000; ++i) {
        const auto bytes = std::array<std::uint8_t, 4>{10, static_cast<std::uint8_t>(i >> 16),
                                                       static_cast<std::uint8_t>(i >> 8),
                                                       static_cast<std::uint8_t>(i)};
        const auto entry = one.enter(net::IpAddress::v4(bytes), false, config, now);
        ASSERT_TRUE(entry.counted) << i;
        one.leave(entry.counted);
        now += 1ms;
    }
    EXPECT_EQ(one.sessions(), 0u);
}

}
}
