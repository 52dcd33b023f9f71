#include "remote/message_text.hpp"

#include <gtest/gtest.h>

using namespace grapnel::remote;

namespace {

std::string encoded(std::string_view text, std::size_t piece)
{
    TextEncoder encoder;
    std::string wire;
    for (; !text.empty(); text.remove_prefix(std::min(piece, text.size())))
        encoder.add(text.substr(0, piece), wire);
    encoder.finish(wire);
    return wire;
}

TextFacts facts_of(std::string_view text)
{
    TextFacts facts;
    for (const char& c : text) facts.add({&c, 1});
    facts.finish();
    return facts;
}

struct Case {
    std::string text, wire;
};
const Case cases[] = {
    {"", ".\r\n"},
    {"\n", "\r\n.\r\n"},
    {"a\nb\n", "a\r\nb\r\n.\r\n"},
    {"a", "a\r\n.\r\n"},
    {".", "..\r\n.\r\n"},
    {".\n..\na.b\n", "..\r\n...\r\na.b\r\n.\r\n"},
    {"a\r\nb\n", "a\r\nb\r\n.\r\n"},
    {"a\rb\n", "a b\r\n.\r\n"},
    {"a\r\r\nb\n", "a \r\nb\r\n.\r\n"},
    {"a\r", "a\r\n.\r\n"},
    {"\r", "\r\n.\r\n"},
    {"\r.\n", " .\r\n.\r\n"},
    {".\r\n.\n", "..\r\n..\r\n.\r\n"},
    {"\r\n.\r\n", "\r\n..\r\n.\r\n"},
};

}

TEST(TextEncoder, TheSameInPiecesOfAnySize)
{
    for (const auto& [text, wire] : cases)
        for (std::size_t piece = 1; piece <= text.size() + 1; ++piece)
            EXPECT_EQ(encoded(text, piece), wire) << text << piece;
}

TEST(TextFacts, TheSizeIsThatOfTheWireWithoutItsDots)
{
    for (const auto& [text, wire] : cases) {
        std::size_t doubled = wire.starts_with("..") ? 1 : 0;
        for (std::size_t at = 0; (at = wire.find("\n..", at)) != std::string::npos; ++at) ++doubled;
        EXPECT_EQ(facts_of(text).wire_size(), wire.size() - doubled - 3) << text;
    }
}

TEST(TextFacts, EightBitAndBareCarriageReturns)
{
    EXPECT_FALSE(facts_of("a\r\nb\r").bare_cr());
    EXPECT_TRUE(facts_of("a\rb").bare_cr());
    EXPECT_TRUE(facts_of("a\r\r\n").bare_cr());
    EXPECT_FALSE(facts_of("a\x7f").eight_bit());
    EXPECT_TRUE(facts_of("a\x80").eight_bit());
}
