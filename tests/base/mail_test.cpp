#include "base/mail/address.hpp"
#include "base/mail/date.hpp"
#include "base/mail/name_table.hpp"
#include "base/mail/reply.hpp"

#include <gtest/gtest.h>

using namespace grapnel;

TEST(Address, SplitsAtTheLastAt)
{
    const auto parts = split_address("a@b@c");
    EXPECT_EQ(parts.local, "a@b");
    EXPECT_EQ(parts.domain, "c");
    EXPECT_FALSE(split_address("abc").has_at);
}

TEST(Address, IsQuotedOnlyWhereItMustBe)
{
    const std::pair<const char*, const char*> table[] = {{"", ""},
                                                         {"joe@a", "joe@a"},
                                                         {"a.b+c@d", "a.b+c@d"},
                                                         {"a b@c", "\"a b\"@c"},
                                                         {"a..b@c", "\"a..b\"@c"},
                                                         {".a@c", "\".a\"@c"},
                                                         {"@c", "\"\"@c"},
                                                         {"a\"b\\c@d", "\"a\\\"b\\\\c\"@d"},
                                                         {"a@b@c", "\"a@b\"@c"},
                                                         {"\xc3\xa4@c", "\xc3\xa4@c"},
                                                         {"joe", "joe"}};
    for (const auto& [plain, quoted] : table) {
        EXPECT_EQ(quote_address(plain), quoted) << plain;
        EXPECT_EQ(unquote(quoted), plain);
    }
}

TEST(NameTable, LooksUpWithoutCase)
{
    EXPECT_TRUE(NameSet({"Example.ORG"}).contains("eXample.org"));
    const NameMap map({"a.example:first", "no colon", "A.example:second:more", ":empty key"});
    EXPECT_EQ(*map.find("A.EXAMPLE"), "second:more");
    EXPECT_EQ(*map.find(""), "empty key");
    EXPECT_FALSE(map.find("no colon"));
}

TEST(NameTable, SuffixesComeFromTheLeft)
{
    EXPECT_EQ(domain_and_suffixes("a.b.c"), (std::vector<std::string_view>{"a.b.c", ".b.c", ".c"}));
    EXPECT_EQ(domain_and_suffixes(""), std::vector<std::string_view>{""});
}

TEST(Date, IsWrittenAsQmailDoes)
{
    EXPECT_EQ(date_822(0), "1 Jan 1970 00:00:00 -0000");
    EXPECT_EQ(date_822(1793091845, 90), "27 Oct 2026 10:34:05 +0130");
    EXPECT_EQ(date_5322(1793091845, -300), "Tue, 27 Oct 2026 04:04:05 -0500");
    EXPECT_EQ(date_mbox(951782400), "Tue Feb 29 00:00:00 2000");
}

TEST(Date, OfInternetProtocolsIsReadAndWritten)
{
    EXPECT_EQ(date_3339(951782400), "2000-02-29T00:00:00Z");
    EXPECT_EQ(parse_date_3339("2000-02-29T00:00:00Z"), 951782400);
    EXPECT_EQ(parse_date_3339("2000-02-29t01:30:00.75+01:30"), 951782400);
    EXPECT_EQ(parse_date_3339("2000-02-28T23:00:00-01:00"), 951782400);
    for (const char* text :
         {"", "2000-02-30T00:00:00Z", "2000-02-29T00:00:00", "2000-02-29 00:00:00Z",
          "2000-02-29T24:00:00Z", "2000-02-29T00:00:00.Z", "2000-02-29T00:00:00+1:00",
          "2000-02-29T00:00:00+99:00", "1969-12-31T23:59:59Z", "2000-02-29T00:00:00Zx"})
        EXPECT_FALSE(parse_date_3339(text)) << text;
}

namespace {
ReplyReader::State read_reply(std::string_view wire, Reply& reply)
{
    ReplyReader reader;
    const auto state = reader.take(wire);
    if (state == ReplyReader::State::done) reply = reader.release();
    return state;
}
}

TEST(Reply, IsReadBackAsItWasWritten)
{
    const Reply written(250, std::vector<std::string>{"mail.example", "PIPELINING", "SIZE 100"});
    const auto wire = encode(written);
    EXPECT_EQ(wire, "250-mail.example\r\n250-PIPELINING\r\n250 SIZE 100\r\n");
    Reply read;
    ASSERT_EQ(read_reply(wire, read), ReplyReader::State::done);
    EXPECT_EQ(read.code, 250);
    EXPECT_EQ(read.lines, written.lines);
}

TEST(Reply, CutShortIsNeverDone)
{
    const auto wire = encode(Reply(550, std::vector<std::string>{"no", "never"}));
    Reply reply;
    for (std::size_t length = 0; length < wire.size(); ++length)
        EXPECT_EQ(read_reply(wire.substr(0, length), reply), ReplyReader::State::more) << length;
}

TEST(Reply, ArrivesInAnyPieces)
{
    ReplyReader reader;
    const std::string wire = "220-a\r\n220 b\r\nrest";
    std::size_t i = 0;
    for (auto state = ReplyReader::State::more; state != ReplyReader::State::done; ++i) {
        std::string_view piece(wire.data() + i, 1);
        state = reader.take(piece);
    }
    EXPECT_EQ(reader.release().text(), "a\nb");
    EXPECT_EQ(wire.substr(i), "rest");
}

TEST(Reply, GarbageAndFloodsAreRefused)
{
    Reply reply;
    for (const auto* bad : {"hello\n", "99 x\n", "650 x\n", "25 x\n", "250xx\n", "\n"})
        EXPECT_EQ(read_reply(bad, reply), ReplyReader::State::malformed) << bad;
    EXPECT_EQ(read_reply("250 " + std::string(5000, 'x'), reply), ReplyReader::State::too_long);
    std::string many;
    for (int i = 0; i < 20000; ++i) many += "250-x\r\n";
    EXPECT_EQ(read_reply(many, reply), ReplyReader::State::too_long);
}

TEST(Reply, WritesNothingButPrintableAscii)
{
    EXPECT_EQ(encode(Reply(250, "a\r\n250 b\x80")), "250 a??250 b?\r\n");
    EXPECT_EQ(encode(Reply(250, std::string(1000, 'x'))).size(), 512u);
}
