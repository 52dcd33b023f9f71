#include "base/mail/address.hpp"
#include "base/mail/envelope.hpp"

#include <gtest/gtest.h>

using namespace grapnel;
using namespace std::string_literals;

namespace {

Envelope sample()
{
    Envelope envelope{"a@b.example", {"c@d.example", "", "e@f.example"}};
    envelope.extensions.message.set("ret", "HDRS");
    envelope.extensions.recipients[2].set("notify", "NEVER");
    return envelope;
}

EnvelopeReader::Problem problem_of(std::string_view bytes)
{
    EnvelopeReader reader;
    while (reader.take(bytes)) continue;
    return reader.problem();
}

}

TEST(Envelope, IsReadBackAsItWasWritten)
{
    const auto wire = encode(sample());
    EXPECT_EQ(wire,
              "Fa@b.example\0Tc@d.example\0T\0Te@f.example\0\0ret=HDRS\0"s + "2:notify=NEVER\0"s);
    const auto read = decode_envelope(wire);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->sender, sample().sender);
    EXPECT_EQ(read->recipients, sample().recipients);
    EXPECT_EQ(read->extensions, sample().extensions);
}

TEST(Envelope, WithoutExtensionsHasQmailsBytes)
{
    EXPECT_EQ(encode({"", {"a"}}), "F\0Ta\0\0"s);
    EXPECT_EQ(encode({"s", {}}), "Fs\0\0"s);
}

TEST(Envelope, CutShortIsNeverAccepted)
{
    const auto whole = encode_addresses(sample()) + '\0';
    for (std::size_t length = 0; length < whole.size(); ++length)
        EXPECT_FALSE(decode_envelope(std::string_view(whole).substr(0, length))) << length;
    EXPECT_TRUE(decode_envelope(whole));
}

TEST(Envelope, ArrivesInAnyPieces)
{
    const auto whole = encode_addresses(sample()) + '\0';
    for (std::size_t piece = 1; piece <= whole.size(); ++piece) {
        EnvelopeReader reader;
        std::string seen;
        for (std::size_t at = 0; at < whole.size(); at += piece) {
            auto part = std::string_view(whole).substr(at, piece);
            while (const auto item = reader.take(part)) seen += item->letter + item->address + '|';
        }
        EXPECT_TRUE(reader.ended());
        EXPECT_EQ(seen, "Fa@b.example|Tc@d.example|T|Te@f.example|\0|"s) << piece;
    }
}

TEST(Envelope, OnlyFThenT)
{
    for (const auto& bad : {"\0"s, "Ta\0"s, "fa\0"s, "Fa\0Fb\0"s, "Fa\0ub\0"s, "\0Fa\0"s})
        EXPECT_EQ(problem_of(bad), EnvelopeReader::Problem::malformed) << bad;
}

TEST(Envelope, AddressesMayHave1002Bytes)
{
    const std::string longest(longest_address, 'x');
    EXPECT_EQ(problem_of('F' + longest + "\0T"s + longest + '\0'), EnvelopeReader::Problem::none);
    EXPECT_EQ(problem_of('F' + longest + "x"), EnvelopeReader::Problem::too_long);
    EXPECT_EQ(problem_of("F\0T"s + longest + "x"), EnvelopeReader::Problem::too_long);
}

TEST(Envelope, LeavesWhatFollowsIt)
{
    std::string_view bytes("Fa\0\0id=1\0", 9);
    EnvelopeReader reader;
    while (reader.take(bytes)) continue;
    EXPECT_EQ(bytes, "id=1\0"s);
}
