#include "smtpd/data.hpp"

#include "smtpd/data_reference.hpp"

#include <gtest/gtest.h>

namespace grapnel::smtpd {
namespace {

struct Decoded {
    std::string stored;
    DataReader::State state = DataReader::State::more;
    DataReader::Trouble trouble = DataReader::Trouble::none;
    std::string rest;
};

Decoded decode(std::string_view wire, const DataRules& rules = {})
{
    DataReader reader(rules);
    Decoded result;
    result.state = reader.take(wire, result.stored);
    result.trouble = reader.trouble();
    result.rest = wire;
    return result;
}

TEST(Data, LineEndsBecomeLfAndStuffedDotsGo)
{
    const auto decoded = decode("Subject: x\r\n\r\n..\r\n.a\r\n\r\n.\r\nQUIT\r\n");
    EXPECT_EQ(decoded.state, DataReader::State::ended);
    EXPECT_EQ(decoded.stored, "Subject: x\n\n.\na\n\n");
    EXPECT_EQ(decoded.rest, "QUIT\r\n");
    EXPECT_EQ(decode(".\r\n").state, DataReader::State::ended);
}

// Every one of these has ended a message somewhere (smuggling); none is CR LF . CR LF.
TEST(Data, NothingElseEverEndsIt)
{
    const std::vector<std::string> never{"\n.\n",       "\n.\r\n",    "\r\n.\n",      "\r.\r",
                                         "\r.\r\n",     "\r\n.\r",    "\r\n.\r\r\n",  "\r\n\0.\r\n",
                                         "\r\n.\0\r\n", "\r\n .\r\n", "\r\n. \r\n",   "\r\n.\t\r\n",
                                         "\r\n\t.\r\n", "\x0b.\x0b",  "\x85.\x85",    "\r\n.\x0b",
                                         "\n\n.\n\n",   "\n\r.\n\r",  "\r\n.\r.\r\n", "\r\n..\r\n"};
    for (const auto bare_lf : {BareLf::refuse, BareLf::stop, BareLf::line_end})
        for (const auto bare_cr : {BareCr::refuse, BareCr::keep, BareCr::blank})
            for (const auto& text : never) {
                DataRules rules;
                rules.bare_lf = bare_lf;
                rules.bare_cr = bare_cr;
                const auto decoded = decode("x" + text + "MAIL FROM:<a@b>\r\n", rules);
                EXPECT_NE(decoded.state, DataReader::State::ended)
                    << ::testing::PrintToString(text);
            }
}

// Text is looked at in pieces of 1024 octets: whatever lies across their borders is read the same.
TEST(Data, LongLinesAreReadAsShortOnes)
{
    for (std::size_t length = 1018; length < 1030; ++length)
        for (const std::string middle : {"\r\n", "\r\n.", "\r\n..", "\n", "\r", "\r\r\n", "\n\r"})
            for (const std::size_t more : {std::size_t{0}, length}) {
                const auto wire =
                    std::string(length, 'x') + middle + std::string(more, 'y') + "\r\n.\r\nrest";
                const auto expected = test::reference_text(wire);
                ASSERT_TRUE(expected);
                const auto decoded = decode(wire);
                EXPECT_EQ(decoded.state, DataReader::State::ended);
                EXPECT_EQ(decoded.rest, wire.substr(expected->end));
                EXPECT_EQ(decoded.trouble == DataReader::Trouble::bare, expected->bad);
                if (!expected->bad) { EXPECT_EQ(decoded.stored, expected->stored); }
            }
}

TEST(Data, ABareCarriageReturnBeforeTheTrueEndIsAFaultAndTheEnd)
{
    const auto decoded = decode("x\r\r\n.\r\nrest");
    EXPECT_EQ(decoded.state, DataReader::State::ended);
    EXPECT_EQ(decoded.trouble, DataReader::Trouble::bare);
    EXPECT_EQ(decoded.rest, "rest");
}

TEST(Data, FaultsAreSeenAndNothingMoreIsStored)
{
    for (const std::string text :
         {"a\nb\r\n.\r\n", "a\rb\r\n.\r\n", ".\nb\r\n.\r\n", ".\rb\r\n.\r\n", "\n\r\n.\r\n"}) {
        const auto decoded = decode(text);
        EXPECT_EQ(decoded.state, DataReader::State::ended) << text;
        EXPECT_EQ(decoded.trouble, DataReader::Trouble::bare) << text;
        EXPECT_LE(decoded.stored.size(), 1u) << text;
    }
}

TEST(Data, WordsOfLaxChangeWhatIsStored)
{
    DataRules repair;
    repair.bare_lf = BareLf::line_end;
    repair.bare_cr = BareCr::blank;
    EXPECT_EQ(decode("a\nb\rc\r\n.\r\n", repair).stored, "a\nb c\n");
    EXPECT_EQ(decode("a\n.\nb\r\n.\r\n", repair).stored, "a\n.\nb\n");
    DataRules classic;
    classic.bare_lf = BareLf::stop;
    classic.bare_cr = BareCr::keep;
    EXPECT_EQ(decode("a\rb\r\r\n.\rx\r\n.\r\n", classic).stored, "a\rb\r\n.\rx\n");
    EXPECT_EQ(decode("a\nb\r\n.\r\n", classic).state, DataReader::State::stopped);
}

// RFC 3030 3: all bits of each octet, however they are cut.
TEST(Data, ABinaryBodyIsKeptAsItComes)
{
    std::string body;
    for (int octet = 0; octet < 256; ++octet) body += static_cast<char>(octet);
    body += "\r\n.\r\n\n\r\rReceived: x\r\nlong " + std::string(5000, 'x');
    DataRules rules;
    rules.chunks = rules.binary = true;
    rules.max_hops = 2;
    rules.max_line = 1000;
    const auto wire = "Subject: x\r\n\r\n" + body;
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, wire.size()}) {
        DataReader reader(rules);
        std::string stored;
        for (std::size_t at = 0; at < wire.size(); at += piece) {
            auto bytes = std::string_view(wire).substr(at, piece);
            EXPECT_EQ(reader.take(bytes, stored), DataReader::State::more);
        }
        reader.end_chunks(stored);
        EXPECT_EQ(reader.trouble(), DataReader::Trouble::none);
        EXPECT_EQ(stored, "Subject: x\n\n" + body) << piece;
    }
}

TEST(Data, TheHeaderOfABinaryMessageIsLines)
{
    const auto trouble = [](std::string_view wire) {
        DataRules rules;
        rules.chunks = rules.binary = true;
        DataReader reader(rules);
        std::string stored;
        reader.take(wire, stored);
        reader.end_chunks(stored);
        return reader.trouble();
    };
    using Trouble = DataReader::Trouble;
    EXPECT_EQ(trouble("Subject: x\n\r\n\n"), Trouble::bare);
    EXPECT_EQ(trouble("Subject: x\ry\r\n\r\n"), Trouble::bare);
    EXPECT_EQ(trouble(std::string("Subject: \0\r\n\r\n", 14)), Trouble::nul_in_header);
    EXPECT_EQ(trouble("Subject: x\r"), Trouble::bare);
    EXPECT_EQ(trouble("\r\n\r"), Trouble::none);
}

TEST(Data, AgreesWithThePlainTableHoweverItIsCut)
{
    const std::string_view alphabet("\r\n.x\0", 5);
    for (unsigned number = 0; number < 78125; ++number) {   // every text of seven octets
        std::string wire;
        for (unsigned rest = number, i = 0; i < 7; ++i, rest /= 5) wire += alphabet[rest % 5];
        wire += "\r\n.\r\n";
        const auto plain = test::reference_text(wire);
        ASSERT_TRUE(plain);
        DataRules rules;
        rules.refuse_nul_in_header = false;
        DataReader reader(rules);
        std::string stored;
        std::size_t taken = 0;
        for (const char c : wire) {
            std::string_view one(&c, 1);
            ++taken;
            if (reader.take(one, stored) != DataReader::State::more) break;
        }
        ASSERT_EQ(taken, plain->end) << ::testing::PrintToString(wire);
        ASSERT_EQ(stored, plain->stored) << ::testing::PrintToString(wire);
        ASSERT_EQ(reader.trouble() == DataReader::Trouble::bare, plain->bad)
            << ::testing::PrintToString(wire);
    }
}

TEST(Data, LimitsAreExact)
{
    DataRules rules;
    rules.max_bytes = 5;
    EXPECT_EQ(decode("abcd\r\n.\r\n", rules).trouble, DataReader::Trouble::none);
    EXPECT_EQ(decode("abcde\r\n.\r\n", rules).trouble, DataReader::Trouble::too_big);
    rules = {};
    rules.max_line = 7;
    EXPECT_EQ(decode("abcde\r\n.\r\n", rules).trouble, DataReader::Trouble::none);
    EXPECT_EQ(decode("..abcd\r\n.\r\n", rules).trouble,
              DataReader::Trouble::none);   // stuffing is not counted
    EXPECT_EQ(decode("abcdef\r\n.\r\n", rules).trouble, DataReader::Trouble::line_too_long);
    rules = {};
    rules.max_hops = 2;
    EXPECT_EQ(decode("Received: a\r\nx: y\r\n\r\nReceived: b\r\n.\r\n", rules).trouble,
              DataReader::Trouble::none);
    EXPECT_EQ(decode("RECEIVED: a\r\nDelivered-To: b\r\n\r\n.\r\n", rules).trouble,
              DataReader::Trouble::looping);
    EXPECT_EQ(decode(std::string_view("a: \0\r\n\r\n.\r\n", 11)).trouble,
              DataReader::Trouble::nul_in_header);
    EXPECT_EQ(decode(std::string_view("a: b\r\n\r\n\0\r\n.\r\n", 14)).trouble,
              DataReader::Trouble::none);
}

}
}
