#include "smtpd/ticket_rotation.hpp"
#include "smtpd/tls_bundle.hpp"

#include <gtest/gtest.h>

namespace grapnel::smtpd {
namespace {

net::TlsMaterial some()
{
    net::TlsMaterial material;
    material.standard = "key and certificate";
    material.named.emplace_back("a.example", "another\n");
    material.named.emplace_back("*.b.example", std::string("with \0 in it", 12));
    material.ciphers = "HIGH";
    material.client_authorities = "them";
    material.ticket_keys = std::string(net::ticket_key_size * 2, 'k');
    return material;
}

TEST(TlsBundle, ComesOutAsItWentIn)
{
    const auto again = decode_bundle(encode_bundle(some()));
    ASSERT_TRUE(again);
    EXPECT_EQ(again->standard, some().standard);
    EXPECT_EQ(again->named, some().named);
    EXPECT_EQ(again->ciphers, "HIGH");
    EXPECT_EQ(again->client_authorities, "them");
    EXPECT_EQ(again->ticket_keys, some().ticket_keys);
}

TEST(TlsBundle, CutShortInsideARecordItIsNone)
{
    const auto whole = encode_bundle(some());
    const auto last = whole.rfind('T');
    for (std::size_t length = last + 1; length < whole.size(); ++length)
        EXPECT_FALSE(decode_bundle(std::string_view(whole).substr(0, length))) << length;
    for (const std::string_view bad : {"", "D3:ab", "D:a", "D-1:a", "X1:a", "D1:aC1:b", "L1:a",
                                       "D1:aT3:abc", "D99999999999999999999:a"})
        EXPECT_FALSE(decode_bundle(bad)) << bad;
}

TEST(TicketRotation, ANewKeyTakesTheFirstPlace)
{
    TicketRotation rotation;
    const auto start = TicketRotation::Moment() + std::chrono::hours(100);
    EXPECT_TRUE(rotation.is_due(start));
    rotation.rotate(start);
    const auto first = rotation.keys();
    EXPECT_EQ(first.size(), net::ticket_key_size);
    EXPECT_FALSE(rotation.is_due(start + TicketRotation::life - std::chrono::seconds(1)));
    EXPECT_TRUE(rotation.is_due(start + TicketRotation::life));
    rotation.rotate(start + TicketRotation::life);
    EXPECT_EQ(rotation.keys().size(), net::ticket_key_size * 2);
    EXPECT_TRUE(rotation.keys().ends_with(first));
    rotation.rotate(start + TicketRotation::life * 2);
    EXPECT_EQ(rotation.keys().size(), net::ticket_key_size * 2);
    EXPECT_FALSE(rotation.keys().ends_with(first));
}

}
}
