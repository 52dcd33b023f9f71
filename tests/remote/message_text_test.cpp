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
        EXPECT_EQ(facts_of(text).wire_size(TextForm::lines), wire.size() - doubled - 3) << text;
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

TEST(TextEncoder, OfABinaryMessageOnlyTheHeaderIsLines)
{
    std::string body("\r\n.\r\n\n.\n\r\0\r", 11);
    for (int octet = 0; octet < 256; ++octet) body += static_cast<char>(octet);
    for (const auto& [header, sent] :
         {std::pair<std::string, std::string>{"A: x\n.B: y\n\n", "A: x\r\n.B: y\r\n\r\n"},
          {"\n", "\r\n"},
          {"A: \rx\r\n\n", "A:  x\r\n\r\n"}}) {
        const auto text = header + body;
        for (std::size_t piece = 1; piece <= text.size(); ++piece) {
            TextEncoder encoder(TextForm::binary);
            std::string wire;
            for (std::size_t at = 0; at < text.size(); at += piece)
                encoder.add(std::string_view(text).substr(at, piece), wire);
            encoder.finish(wire);
            ASSERT_EQ(wire, sent + body) << piece;
        }
        EXPECT_EQ(facts_of(text).wire_size(TextForm::binary), sent.size() + body.size());
    }
}

TEST(TextEncoder, ABinaryMessageWithoutABodyHasTheSizeThatIsSaid)
{
    for (const std::string text : {"", "A: x", "A: x\n", "A: x\r", "A: x\r\n", "\r\n", "\r\n\r"}) {
        TextEncoder encoder(TextForm::binary);
        std::string wire;
        encoder.add(text, wire);
        encoder.finish(wire);
        EXPECT_EQ(facts_of(text).wire_size(TextForm::binary), wire.size()) << text;
    }
}
