#include "base/mail/extension.hpp"

#include <gtest/gtest.h>

using namespace grapnel;
using namespace std::string_literals;

namespace {

Extensions records(std::initializer_list<std::pair<const char*, const char*>> list)
{
    Extensions extensions;
    for (const auto& [name, value] : list) extensions.set(name, value);
    return extensions;
}

ExtensionBlock sample()
{
    ExtensionBlock block;
    block.message = records({{"id", "019ac3f2"}, {"x.example", "a b%\r\n\xff="}, {"empty", ""}});
    block.recipients[1] = records({{"notify", "DELAY"}, {"orcpt", "rfc822;e+2Bx@f"}});
    block.recipients[3] = records({{"rrvs", "1"}});
    return block;
}

std::vector<ExtensionReader::Level> levels_of(const std::string& bytes, std::size_t recipients,
                                              std::size_t piece)
{
    ExtensionReader reader(recipients);
    std::vector<ExtensionReader::Level> levels;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        auto part = std::string_view(bytes).substr(at, piece);
        while (auto level = reader.take(part)) levels.push_back(std::move(*level));
    }
    if (auto level = reader.finish()) levels.push_back(std::move(*level));
    EXPECT_EQ(reader.problem(), ExtensionReader::Problem::none);
    return levels;
}

}

TEST(Extension, RecordsAreWrittenWithoutNulOrBlank)
{
    EXPECT_EQ(encode_record("helo", "a b\t%\xc3"), "helo=a%20b%09%25%C3");
    EXPECT_EQ(decode_record("helo=a%20b%09%25%c3")->second, "a b\t%\xc3");
}

TEST(Extension, MalformedRecordsAreRefused)
{
    for (const auto* bad : {"", "=", "=x", "x", "X=1", "1x=1", "-x=1", "a_b=1", "a=%", "a=%4",
                            "a=%4g", "a=%00", "a=b c", "!a=1", "a=\x7f"})
        EXPECT_FALSE(decode_record(bad)) << bad;
    EXPECT_TRUE(decode_record(std::string(64, 'n') + "=1"));
    EXPECT_FALSE(decode_record(std::string(65, 'n') + "=1"));
    EXPECT_TRUE(decode_record("n=" + std::string(1024, 'v')));
    EXPECT_FALSE(decode_record("n=" + std::string(1025, 'v')));
}

TEST(Extension, TheLastOfANameCountsAndKeepsItsPlace)
{
    const auto block = decode_block("a=1\0b=2\0a=3\0"s, 0);
    ASSERT_TRUE(block);
    EXPECT_EQ(encode_block(*block), "a=3\0b=2\0"s);
}

TEST(Extension, BlocksAreReadBackAsTheyWereWritten)
{
    const auto bytes = encode_block(sample());
    const auto block = decode_block(bytes, 4);
    ASSERT_TRUE(block);
    EXPECT_EQ(*block, sample());
    EXPECT_EQ(encode_block(*block), bytes);
    EXPECT_EQ(*decode_block(bytes + "\0behind"s, 4), sample());
}

TEST(Extension, BlocksArriveInAnyPieces)
{
    const auto bytes = encode_block(sample());
    for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
        const auto levels = levels_of(bytes, 4, piece);
        ASSERT_EQ(levels.size(), 3u) << piece;
        EXPECT_EQ(levels[0].extensions, sample().message);
        EXPECT_EQ(levels[1].recipient, 1u);
        EXPECT_EQ(levels[2].extensions, sample().recipients[3]);
    }
}

TEST(Extension, ABlockCutInsideARecordIsNeverAccepted)
{
    const auto bytes = encode_block(sample());
    for (std::size_t length = 0; length < bytes.size(); ++length) {
        const bool whole = length == 0 || bytes[length - 1] == '\0';
        EXPECT_EQ(decode_block(bytes.substr(0, length), 4).has_value(), whole) << length;
    }
    EXPECT_EQ(decode_block("a=1", 0).error().retry, Retry::later);
}

TEST(Extension, LevelsComeInOrderAndForRecipientsThatAreThere)
{
    for (const auto& bad : {"0:a=1\0b=2\0"s, "1:a=1\0"s + "0:a=1\0"s, "2:a=1\0"s, ":a=1\0"s,
                            "0a=1\0"s, "99999999999999999999:a=1\0"s, "0:\0"s})
        EXPECT_EQ(decode_block(bad, 2).error().retry, Retry::never) << bad;
    EXPECT_TRUE(decode_block("m=1\0"s + "0:a=1\0"s + "0:b=1\0"s + "1:a=1\0"s, 2));
}

TEST(Extension, CapsHoldForEachLevel)
{
    std::string many;
    for (int i = 0; i < 64; ++i) many += "n" + std::to_string(i) + "=1" + '\0';
    EXPECT_TRUE(decode_block(many, 1));
    EXPECT_FALSE(decode_block(many + "one-more=1\0"s, 1));
    std::string big;
    for (int i = 0; i < 17; ++i)
        big += "n" + std::to_string(i) + '=' + std::string(1000, 'x') + '\0';
    EXPECT_FALSE(decode_block(big, 1));
    EXPECT_FALSE(decode_block("n=" + std::string(100000, 'x'), 1));
    std::string recipient;
    for (int i = 0; i < 33; ++i) recipient += "0:n" + std::to_string(i) + "=1" + '\0';
    EXPECT_FALSE(decode_block(recipient, 1));
}

TEST(Extension, CapsCountWhatWouldBeWritten)
{
    Extensions extensions;
    const auto fits = [&](std::size_t bytes) { return extensions.within({64, bytes}); };
    extensions.set("a", "x y");
    extensions.set("b", "\xff");
    extensions.set("a", "x  %");
    extensions.set("c", "gone");
    extensions.erase("c");
    extensions.erase("none");
    EXPECT_TRUE(fits(encode_tail(extensions).size()));
    EXPECT_FALSE(fits(encode_tail(extensions).size() - 1));
}

TEST(Extension, TailsSkipWhatIsMalformed)
{
    UnreadRecords unread;
    EXPECT_EQ(decode_tail(" a=1 B=2  c=3 !=4 !B=5", &unread), records({{"a", "1"}, {"c", "3"}}));
    EXPECT_EQ(unread.malformed, 4u);
    EXPECT_EQ(unread.required, "");
    EXPECT_TRUE(decode_tail("somebody else's a=1").empty());
    EXPECT_EQ(decode_tail(encode_tail(sample().message)), sample().message);
}
