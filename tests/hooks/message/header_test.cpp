// Header fields as scanners see them: mta-hooks section 8, C35, C36, C40, C54.
#include "hooks/message/header_fields.hpp"
#include "hooks/message/messages.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

using namespace grapnel;
using namespace grapnel::hooks;
using namespace grapnel::test;
namespace json = boost::json;

namespace {

std::string member(const std::string& text, std::string_view name)
{
    return json::serialize(property(Message(text), name));
}

std::string headers(const std::string& text) { return member(text, "headers"); }

}

TEST(Headers, AreRawWithBlanksAndFolds)
{
    EXPECT_EQ(headers("Subject:  a\n  b\nX-Y:\nto:c \n\nbody\n"),
              R"([{"name":"Subject","value":"  a\r\n  b"},{"name":"X-Y","value":""},)"
              R"({"name":"to","value":"c "}])");
}

TEST(Headers, AreInTheOrderOfTheMessage)
{
    EXPECT_EQ(headers("B: 1\nA: 2\nB: 3\n\n"),
              R"([{"name":"B","value":" 1"},{"name":"A","value":" 2"},)"
              R"({"name":"B","value":" 3"}])");
}

TEST(Headers, OctetsThatAreNoUtf8AreReplaced)
{
    EXPECT_EQ(headers("A: \xE9 \xC3\xA9\n\n"),
              "[{\"name\":\"A\",\"value\":\" \xEF\xBF\xBD \xC3\xA9\"}]");
    EXPECT_EQ(headers(std::string("A: b\0c\n\n", 8)), R"([{"name":"A","value":" bc"}])");
}

TEST(Headers, NamesMayHaveBlanksBehindThem)
{
    EXPECT_EQ(headers("Subject \t: x\n\n"), R"([{"name":"Subject","value":" x"}])");
}

TEST(Headers, EndAtALineThatIsNoField)
{
    EXPECT_EQ(headers("A: 1\nno field\nB: 2\n"), R"([{"name":"A","value":" 1"}])");
    EXPECT_EQ(headers("no field\nB: 2\n"), "[]");
    EXPECT_EQ(headers(" folded\nB: 2\n"), "[]");
    EXPECT_EQ(headers("\nB: 2\n"), "[]");
    EXPECT_EQ(headers(""), "[]");
    EXPECT_EQ(headers("From joe Mon Sep  7\nB: 2\n"), "[]");
    EXPECT_EQ(headers("A: 1"), R"([{"name":"A","value":" 1"}])");
    EXPECT_EQ(headers("A: 1\n B"), R"([{"name":"A","value":" 1\r\n B"}])");
}

TEST(Headers, BodyBeginsWhereTheHeaderEnds)
{
    const auto body = [](const std::string& text) { return std::string(split_header(text).body); };
    EXPECT_EQ(body("A: 1\n\nx\n"), "x\n");
    EXPECT_EQ(body("A: 1\nno field\n\nx\n"), "no field\n\nx\n");
    EXPECT_EQ(body("A: 1\n"), "");
    EXPECT_EQ(body("A: 1\n\n"), "");
    EXPECT_EQ(body("\n\nx"), "\nx");
}

TEST(Headers, AreTenThousandAtMost)
{
    std::string text;
    for (int n = 0; n < 10'001; ++n) text += "A: 1\n";
    text += "\nbody\n";
    const auto split = split_header(text);
    EXPECT_EQ(split.header.fields.size(), 10'000U);
    EXPECT_TRUE(split.header.cut);
    EXPECT_EQ(split.body, "A: 1\n\nbody\n");
    const Message message(text);
    EXPECT_EQ(part(message, "/type"), "application/octet-stream");
    EXPECT_EQ(part(message, "/blob"), "QTogMQ0KDQpib2R5DQo=");
}

TEST(Conveniences, TheLastFieldCounts)
{
    EXPECT_EQ(member("Subject: one\nSubject: two\n\n", "subject"), R"("two")");
    EXPECT_EQ(member("From: a@b.example\nfrom: c@d.example\n\n", "from"),
              R"([{"name":null,"email":"c@d.example"}])");
}

TEST(Conveniences, AreNullWithoutAField)
{
    for (const auto* name : {"from", "sender", "replyTo", "to", "cc", "bcc", "subject", "messageId",
                             "inReplyTo", "references", "sentAt"})
        EXPECT_EQ(member("X: y\n\n", name), "null") << name;
}

TEST(Conveniences, TextIsUnfoldedAndDecoded)
{
    EXPECT_EQ(member("Subject:   a\n  b =?utf-8?q?caf=C3=A9?=\n\n", "subject"),
              "\"a  b caf\xC3\xA9\"");
}

TEST(Conveniences, MessageIdsAreAlwaysLists)
{
    EXPECT_EQ(member("Message-ID: <a@b>\n\n", "messageId"), R"(["a@b"])");
    EXPECT_EQ(member("References: <a@b>\n (x <no>) <c@d>,<e>\n\n", "references"),
              R"(["a@b","c@d","e"])");
    EXPECT_EQ(member("In-Reply-To: your mail of Monday <a@b>\n\n", "inReplyTo"), R"(["a@b"])");
    EXPECT_EQ(member("Message-ID: a@b\n\n", "messageId"), "null");
    EXPECT_EQ(member("Message-ID: <a@b\n\n", "messageId"), "null");
    EXPECT_EQ(member("Message-ID: < a\n @b >\n\n", "messageId"), R"(["a@b"])");
}

TEST(Conveniences, DatesHaveTheirOffset)
{
    EXPECT_EQ(member("Date: Sun, 22 Nov 2026 08:00:00 +0130\n\n", "sentAt"),
              R"("2026-11-22T08:00:00+01:30")");
    EXPECT_EQ(member("Date: Sun, 22 Nov 2026 08:00:00 -0000\n\n", "sentAt"),
              R"("2026-11-22T08:00:00Z")");
    EXPECT_EQ(member("Date: today\n\n", "sentAt"), "null");
}

TEST(HeaderForms, EachIsOffered)
{
    const std::string text =
        "X-A: =?utf-8?q?a?= <b@c.example>\nX-A: G: d@e.example;\n"
        "X-D: 1 Jan 2020 00:00 GMT\nList-Post: <mailto:x@y>, <http://z/> (web)\n\n";
    EXPECT_EQ(member(text, "header:X-A"), R"(" G: d@e.example;")");
    EXPECT_EQ(member(text, "header:x-a:asRaw:all"),
              R"([" =?utf-8?q?a?= <b@c.example>"," G: d@e.example;"])");
    EXPECT_EQ(member(text, "header:X-A:asText:all"), R"(["a <b@c.example>","G: d@e.example;"])");
    EXPECT_EQ(member(text, "header:X-A:asAddresses:all"),
              R"([[{"name":"a","email":"b@c.example"}],[{"name":null,"email":"d@e.example"}]])");
    EXPECT_EQ(member(text, "header:X-A:asGroupedAddresses"),
              R"([{"name":"G","addresses":[{"name":null,"email":"d@e.example"}]}])");
    EXPECT_EQ(member(text, "header:X-A:asMessageIds"), "null");
    EXPECT_EQ(member(text, "header:X-A:all"),
              R"([" =?utf-8?q?a?= <b@c.example>"," G: d@e.example;"])");
    EXPECT_EQ(member(text, "header:X-D:asDate"), R"("2020-01-01T00:00:00Z")");
    EXPECT_EQ(member(text, "header:List-Post:asURLs"), R"(["mailto:x@y","http://z/"])");
    EXPECT_EQ(member(text, "header:X-Not:asText"), "null");
    EXPECT_EQ(member(text, "header:X-Not:all"), "[]");
}

TEST(HeaderForms, AFormThatAFieldHasNotIsNoMember)
{
    for (const auto* name : {"header:From:asText", "header:Subject:asDate", "header:X-A:asNothing",
                             "header:", "header", "header:X-A:asText:all:all", "header:A B",
                             "header:List-Post:asText", "header:Received:asText"})
        EXPECT_EQ(member("From: a@b.example\n\n", name), R"("absent")") << name;
    EXPECT_NE(member("From: a@b.example\n\n", "header:From:asAddresses"), R"("absent")");
}

TEST(HeaderForms, AreNotPartOfEverything)
{
    for (const auto& entry : all_of(Message("X-A: 1\n\n")))
        EXPECT_FALSE(entry.key().starts_with("header:"));
}

TEST(FieldTexts, AreDecoded)
{
    const Message message("Subject: =?utf-8?b?w6k=?=\n x\nsubject: two\n\n");
    EXPECT_EQ(message.field_texts("SUBJECT"), (std::vector<std::string>{"\xC3\xA9 x", "two"}));
    EXPECT_TRUE(message.field_texts("To").empty());
}
