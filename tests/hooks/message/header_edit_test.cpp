// Edits of header fields and the octets they make: mta-hooks 11, C41, C50 to C54, C57, 17, 22.
#include "hooks/message/messages.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

using namespace grapnel;
using namespace grapnel::hooks;
using namespace grapnel::test;
namespace json = boost::json;

namespace {

json::value field(std::string_view name, std::string_view value)
{
    return {{"name", name}, {"value", value}};
}

const std::string text = "A: 1\nB:  2\n  folded\nC:3\n\nbody\n";
const std::string worked =
    "Received: from a by b; Sun, 22 Nov 2026 08:00:00 +0000\n"
    "DKIM-Signature: v=1; d=example.org; h=From:Subject; c=simple/simple; bh=...; b=...\n"
    "From: Ana <ana@example.org>\nX-Spam: No\nSubject: hello\nX-Spam: Maybe\n\nbody\n";

}

TEST(HeaderEdits, AFieldIsAddedWhereItIsWanted)
{
    EXPECT_EQ(edited(text, add_at(0, "/message/headers", field("X", "y"))), "X: y\n" + text);
    EXPECT_EQ(edited(text, add_at(1, "/message/headers", field("X", "y"))),
              "A: 1\nX: y\nB:  2\n  folded\nC:3\n\nbody\n");
    EXPECT_EQ(edited(text, add_at(3, "/message/headers", field("X", "y"))),
              "A: 1\nB:  2\n  folded\nC:3\nX: y\n\nbody\n");
    EXPECT_EQ(edited(text, add("/message/headers", field("X", "y"))),
              "A: 1\nB:  2\n  folded\nC:3\nX: y\n\nbody\n");
    EXPECT_EQ(edited(text, add("/message/headers/-", field("X", "y"))),
              "A: 1\nB:  2\n  folded\nC:3\nX: y\n\nbody\n");
    EXPECT_EQ(edited(text, add("/message/headers/1", field("X", "y"))),
              "A: 1\nX: y\nB:  2\n  folded\nC:3\n\nbody\n");
    EXPECT_EQ(edited(text, add_at(4, "/message/headers", field("X", "y"))),
              "!there is no such place");
    EXPECT_EQ(edited(text, add("/message/headers/4", field("X", "y"))), "!there is no such place");
    EXPECT_EQ(edited(text, add_at(0, "/message/headers/1", field("X", "y"))),
              "!index without an array");
}

TEST(HeaderEdits, AFieldIsReplaced)
{
    EXPECT_EQ(edited(text, set("/message/headers/1", field("X", "y"))),
              "A: 1\nX: y\nC:3\n\nbody\n");
    EXPECT_EQ(edited(text, set("/message/headers/1/value", "y")), "A: 1\nB: y\nC:3\n\nbody\n");
    EXPECT_EQ(edited(text, set("/message/headers/1/value", "\ty")), "A: 1\nB:\ty\nC:3\n\nbody\n");
    EXPECT_EQ(edited(text, set("/message/headers/1/name", "X")),
              "A: 1\nX:  2\n  folded\nC:3\n\nbody\n");
    EXPECT_EQ(edited(text, add("/message/headers/1/name", "X")),
              "A: 1\nX:  2\n  folded\nC:3\n\nbody\n");
    EXPECT_EQ(edited("A : 1\n\n", set("/message/headers/0/value", "2")), "A : 2\n\n");
    EXPECT_EQ(edited(text, set("/message/headers/3", field("X", "y"))), "!there is no such field");
    EXPECT_EQ(edited(text, set("/message/headers/-", field("X", "y"))), "!there is no such field");
    EXPECT_EQ(edited(text, set("/message/headers/01/value", "y")), "!there is no such field");
}

TEST(HeaderEdits, AFieldIsDeletedWithItsFolds)
{
    EXPECT_EQ(edited(text, delete_at("/message/headers/1")), "A: 1\nC:3\n\nbody\n");
    EXPECT_EQ(edited(text, delete_at("/message/headers/3")), "!there is no such field");
    EXPECT_EQ(edited(text, delete_at("/message/headers/-")), "!there is no such field");
    EXPECT_EQ(edited(text, delete_at("/message/headers/1/value")), "!this cannot be edited");
    EXPECT_EQ(edited("A: 1\n\nbody\n", delete_at("/message/headers/0")), "\nbody\n");
}

TEST(HeaderEdits, TheWorkedExamples)
{
    Message message(worked);
    EXPECT_EQ(test::apply(message, add_at(0, "/message/headers", field("X-Spam", "Yes"))), "");
    EXPECT_EQ(test::apply(message, delete_at("/message/headers/6")), "");
    EXPECT_EQ(test::apply(message, delete_at("/message/headers/4")), "");
    EXPECT_EQ(lf_of(message),
              "X-Spam: Yes\nReceived: from a by b; Sun, 22 Nov 2026 08:00:00 +0000\n"
              "DKIM-Signature: v=1; d=example.org; h=From:Subject; c=simple/simple; bh=...; b=...\n"
              "From: Ana <ana@example.org>\nSubject: hello\n\nbody\n");
    EXPECT_EQ(edited(worked, set("/message/headers/77/value", "x")), "!there is no such field");
    EXPECT_EQ(edited(worked, add("/message/headers", field("X-A", "1\r\nBcc: e@x"))),
              "!the value has a line end that is no fold");
}

TEST(HeaderEdits, TheValueItHasChangesNothing)   // C52
{
    for (const auto& operation :
         {set("/message/headers/1/value", "  2\r\n  folded"),
          set("/message/headers/1/value", "2\r\n  folded"),
          set("/message/headers/1", field("B", "  2\r\n  folded")),
          set("/message/headers/1/name", "B"), set("/message/headers/2/value", "3")})
        EXPECT_EQ(edited(text, operation), text);
    // Octets that cannot be shown stay, too.
    EXPECT_EQ(edited("A: \xE9\n\n", set("/message/headers/0/value", " \xEF\xBF\xBD")),
              "A: \xE9\n\n");
    for (const auto& [member, value] : std::vector<std::pair<std::string, json::value>>{
             {"subject", "caf\xC3\xA9 x"},
             {"from", json::array{json::object{{"name", "Bee, Ana"}, {"email", "a@b.example"}}}},
             {"to", json::array{json::object{{"email", "c@d.example"}}}},
             {"cc", nullptr},
             {"bcc", json::array()},
             {"messageId", json::array{"x@y"}},
             {"references", json::array{"a@b", "c@d"}},
             {"sentAt", "2026-11-22T08:00:00Z"}}) {
        const std::string odd =
            "SUBJECT:=?iso-8859-1?q?caf=E9?=\n x\nfrom:\"Bee, Ana\"<a@b.example>\nTo: c@d.example\n"
            "Message-Id:   <x@y>\nReferences: <a@b>(c)<c@d>\nDate: 22 Nov 26 08:00 GMT\n\n";
        EXPECT_EQ(edited(odd, set("/message/" + member, value)), odd) << member;
    }
}

TEST(HeaderEdits, ConveniencesRewriteTheLastField)
{
    EXPECT_EQ(edited("Subject: a\nSubject: b\nX: y\n\n", set("/message/subject", "c")),
              "Subject: a\nSubject: c\nX: y\n\n");
    EXPECT_EQ(edited("X: y\n\nbody", set("/message/subject", "c")), "X: y\nSubject: c\n\nbody");
    EXPECT_EQ(edited("X: y\n\n", add("/message/subject", "c")), "X: y\nSubject: c\n\n");
    EXPECT_EQ(edited("subject: a\n b\n\n", set("/message/subject", "c")), "Subject: c\n\n");
    EXPECT_EQ(edited("Subject: a\nX: y\nSubject: b\n\n", set("/message/subject", nullptr)),
              "X: y\n\n");
    EXPECT_EQ(edited("Subject: a\nX: y\nSubject: b\n\n", delete_at("/message/subject")),
              "X: y\n\n");
    EXPECT_EQ(edited("X: y\n\n", delete_at("/message/subject")), "!there is no such field");
    EXPECT_EQ(edited("X: y\n\n", set("/message/subject", nullptr)), "X: y\n\n");
    EXPECT_EQ(edited("Cc: a@b.example\n\n", set("/message/cc", json::array())), "\n");
}

TEST(HeaderEdits, ConveniencesAreWrittenInTheirForm)
{
    EXPECT_EQ(edited("A: 1\n\n", set("/message/subject", "caf\xC3\xA9")),
              "A: 1\nSubject: =?UTF-8?Q?caf=C3=A9?=\n\n");
    EXPECT_EQ(edited("A: 1\n\n", set("/message/subject", "caf\xC3\xA9"), {.smtputf8 = true}),
              "A: 1\nSubject: caf\xC3\xA9\n\n");
    EXPECT_EQ(
        edited("A: 1\n\n",
               set("/message/from",
                   json::parse(R"([{"name":"A","email":"a@b.example"},{"email":"c@d.example"}])"))),
        "A: 1\nFrom: \"A\" <a@b.example>,\n c@d.example\n\n");
    EXPECT_EQ(edited("A: 1\n\n", set("/message/replyTo",
                                     json::parse(R"([{"name":"\u00e9","email":"a@b.example"}])"))),
              "A: 1\nReply-To: =?UTF-8?B?w6k=?= <a@b.example>\n\n");
    EXPECT_EQ(edited("A: 1\n\n", set("/message/messageId", json::parse(R"(["a@b"])"))),
              "A: 1\nMessage-ID: <a@b>\n\n");
    EXPECT_EQ(edited("A: 1\n\n", set("/message/references", json::parse(R"(["a@b","<c@d>"])"))),
              "A: 1\nReferences: <a@b>\n <c@d>\n\n");
    EXPECT_EQ(edited("A: 1\n\n", set("/message/sentAt", "2026-11-22T08:00:00.5+01:00")),
              "A: 1\nDate: Sun, 22 Nov 2026 08:00:00 +0100\n\n");
}

TEST(HeaderEdits, WhatWasSetIsSeen)
{
    for (const auto& subject :
         std::vector<std::string>{"x", "caf\xC3\xA9", "=?utf-8?q?literal?=", "=?",
                                  std::string(3000, 'y') + " \xE2\x82\xAC", "a  b \"c\" (d)",
                                  "[SPAM] =?utf-8?q?broken"}) {
        Message message("A: 1\n\n");
        EXPECT_EQ(test::apply(message, set("/message/subject", json::string(subject))),
                  subject.size() > 3000 ? "a line is too long" : "");
        if (subject.size() <= 3000) {
            EXPECT_EQ(property(message, "subject"), json::value(subject));
        }
    }
}

TEST(HeaderEdits, WrongTypesAndValuesFail)
{
    for (const auto& operation :
         {set("/message/subject", 1),
          set("/message/subject", json::array()),
          set("/message/subject", "a\nb"),
          set("/message/subject", json::string("a\0b", 3)),
          set("/message/from", "a@b.example"),
          set("/message/from", json::parse(R"(["a@b.example"])")),
          set("/message/from", json::parse(R"([{"name":"x"}])")),
          set("/message/from", json::parse(R"([{"name":1,"email":"a@b.example"}])")),
          set("/message/from", json::parse(R"([{"email":"a"}])")),
          set("/message/from", json::parse(R"([{"email":"a@b.example\r\nBcc: x@y.example"}])")),
          set("/message/from", json::parse(R"([{"email":"\u00e9@b.example"}])")),
          set("/message/sender",
              json::parse(R"([{"email":"a@b.example"},{"email":"c@b.example"}])")),
          set("/message/messageId", "a@b"),
          set("/message/messageId", json::parse(R"(["a@b","c@d"])")),
          set("/message/references", json::parse(R"(["a b"])")),
          set("/message/references", json::parse(R"(["a>b"])")),
          set("/message/references", json::parse("[\"\"]")),
          set("/message/sentAt", 5),
          set("/message/sentAt", "yesterday"),
          set("/message/sentAt", "1969-01-01T00:00:00Z"),
          set("/message/sentAt", "2026-02-30T00:00:00Z"),
          set("/message/headers/0", "A: 1"),
          set("/message/headers/0", json::parse(R"({"name":"A"})")),
          set("/message/headers/0/value", 1),
          set("/message/headers/0/name", nullptr),
          set("/message/headers/0/other", "x"),
          add("/message/headers", json::parse(R"({"name":1,"value":"x"})")),
          add("/message/headers", "x"),
          add_at(0, "/message/subject", "x"),
          add_at(0, "/message/headers/0/value", "x")})
        EXPECT_TRUE(edited("A: 1\n\nbody\n", operation).starts_with('!'))
            << json::serialize(operation.value);
}

TEST(HeaderEdits, WhatIsNotInTheTableFails)
{
    for (const auto* path :
         {"/message/headers", "/message/bodyStructure", "/message/textBody", "/message/htmlBody",
          "/message/attachments", "/message/preview", "/message/size", "/message/hasAttachment",
          "/message/header:Subject", "/message/headers/0/value/x", "/message/bodyValues",
          "/message/bodyValues/1", "/message/bodyValues/1/isTruncated", "/message/from/0/name",
          "/message/none", "/rawMessage/x", "/other", ""})
        EXPECT_EQ(edited("Subject: x\n\nbody\n", set(path, "y")), "!this cannot be edited") << path;
    EXPECT_EQ(edited("Subject: x\n\nbody\n", set("/message", json::object())),
              "!this cannot be edited");
    EXPECT_EQ(edited("Subject: x\n\nbody\n", delete_at("/message/headers")),
              "!this cannot be edited");
    for (const auto kind : {OperationKind::move, OperationKind::copy, OperationKind::test}) {
        auto operation = set("/message/subject", "x");
        operation.kind = kind;
        EXPECT_EQ(edited("Subject: x\n\n", operation), "!this cannot be edited");
    }
}

TEST(HeaderEdits, WhatEndsLoopsStays)   // C53
{
    const std::string traced = "Return-Path: <a@b>\ndelivered-to: x@y\nReceived: by z\nX: y\n\n";
    for (const auto* n : {"0", "1", "2"}) {
        const auto path = "/message/headers/" + std::string(n);
        for (const auto& operation : {set(path, field("X", "y")), set(path + "/value", "y"),
                                      set(path + "/name", "X"), delete_at(path)})
            EXPECT_EQ(edited(traced, operation), "!this field is not to be changed");
    }
    EXPECT_EQ(edited(traced, add("/message/headers", field("Delivered-To", "y"))),
              "!this field is not to be added");
    EXPECT_EQ(edited(traced, add("/message/headers", field("RETURN-PATH", "y"))),
              "!this field is not to be added");
    EXPECT_EQ(edited(traced, set("/message/headers/3/name", "Delivered-To")),
              "!this field is not to be added");
    EXPECT_EQ(edited(traced, set("/message/headers/3", field("Return-Path", "y"))),
              "!this field is not to be added");
    EXPECT_EQ(edited("X: y\n\n", add_at(0, "/message/headers", field("Received", "by y"))),
              "Received: by y\nX: y\n\n");
}

TEST(HeaderEdits, NamesAndValuesAreChecked)   // section 17
{
    for (const auto& name :
         std::vector<std::string>{"", "A B", "A:", "A\n", "caf\xC3\xA9", std::string(77, 'a')}) {
        EXPECT_EQ(edited("A: 1\n\n", add("/message/headers", field(name, "x"))),
                  "!the field name is wrong")
            << name;
        EXPECT_EQ(edited("A: 1\n\n", set("/message/headers/0/name", json::string(name))),
                  "!the field name is wrong")
            << name;
    }
    EXPECT_EQ(edited("A: 1\n\n", add("/message/headers", field(std::string(76, 'a'), "x"))),
              "A: 1\n" + std::string(76, 'a') + ": x\n\n");
    for (const auto& value : std::vector<std::string>{
             "a\rb", "a\nb", "a\r\nb", "a\r\n", "a\n", "\r\na", "\n a", "a\n \n b", "a\r\n\t\r\n b",
             "a\n\n b", "a\r\r\n b", "\x01", "a\x7F", "a\xC2\x85z", "a\xFF", "=?utf-8?q?x",
             "=?bad?=", std::string(65'537, 'x'), std::string(999, 'x')})
        EXPECT_TRUE(edited("A: 1\n\n", add("/message/headers", field("X", value))).starts_with('!'))
            << value;
    EXPECT_TRUE(edited("A: 1\n\n", add("/message/headers", field("X", std::string_view("a\0b", 3))))
                    .starts_with('!'));
}

TEST(HeaderEdits, FoldsAreKeptAsLineEnds)   // C51
{
    EXPECT_EQ(edited("A: 1\n\n", add("/message/headers", field("X", "a\r\n b\n\tc"))),
              "A: 1\nX: a\n b\n\tc\n\n");
    EXPECT_EQ(edited("A: 1\n\n", add("/message/headers", field("X", " a\tb"))),
              "A: 1\nX: a\tb\n\n");
    EXPECT_EQ(edited("A: 1\n\n", add("/message/headers", field("X", ""))), "A: 1\nX: \n\n");
    Message message("A: 1\n\n");
    EXPECT_EQ(test::apply(message, add("/message/headers", field("X", "a\r\n b"))), "");
    EXPECT_EQ(crlf_of(message), "A: 1\r\nX: a\r\n b\r\n\r\n");
}

TEST(HeaderEdits, LongLinesAreFolded)
{
    std::string words;
    while (words.size() < 5000) words += "word ";
    words += "end";
    const auto now = edited("A: 1\n\n", add("/message/headers", field("X", words)));
    std::size_t begin = 0;
    std::string unfolded;
    while (begin < now.size()) {
        const auto end = now.find('\n', begin);
        EXPECT_LE(end - begin, 998U);
        unfolded += now.substr(begin, end - begin);
        begin = end + 1;
    }
    EXPECT_EQ(unfolded, "A: 1X: " + words);
    EXPECT_EQ(edited("A: 1\n\n", add("/message/headers", field("X", std::string(995, 'x')))),
              "A: 1\nX: " + std::string(995, 'x') + "\n\n");
    EXPECT_EQ(
        edited("A: 1\n\n", add("/message/headers", field("X", "a " + std::string(1200, 'x')))),
        "!a line is too long");
}

TEST(HeaderEdits, OtherThanAsciiIsEncodedWhereItMayBe)
{
    const auto cafe = "caf\xC3\xA9";
    EXPECT_EQ(edited("A: 1\n\n", add("/message/headers", field("X-Note", cafe))),
              "A: 1\nX-Note: =?UTF-8?Q?caf=C3=A9?=\n\n");
    EXPECT_EQ(edited("A: 1\n\n", add("/message/headers", field("Subject", cafe))),
              "A: 1\nSubject: =?UTF-8?Q?caf=C3=A9?=\n\n");
    EXPECT_EQ(
        edited("A: 1\n\n", add("/message/headers", field("X-Note", cafe)), {.smtputf8 = true}),
        "A: 1\nX-Note: caf\xC3\xA9\n\n");
    for (const auto* name : {"From", "to", "Message-ID", "Date", "Content-Type", "DKIM-Signature",
                             "Resent-To", "List-Post"})
        EXPECT_EQ(edited("A: 1\n\n", add("/message/headers", field(name, cafe))),
                  "!the value is not ASCII")
            << name;
}

TEST(HeaderEdits, OddMessagesGetTheirEmptyLine)   // C54
{
    const auto x = add("/message/headers", field("X", "y"));
    EXPECT_EQ(edited("A: 1\nno field\n", x), "A: 1\nX: y\n\nno field\n");
    EXPECT_EQ(edited("no field\n", x), "X: y\n\nno field\n");
    EXPECT_EQ(edited(" folded\n", add_at(0, "/message/headers", field("X", "y"))),
              "X: y\n\n folded\n");
    EXPECT_EQ(edited("\nbody\n", x), "X: y\n\nbody\n");
    EXPECT_EQ(edited("A: 1\n", x), "A: 1\nX: y\n");
    EXPECT_EQ(edited("A: 1", x), "A: 1\nX: y\n");
    EXPECT_EQ(edited("A: 1", add_at(0, "/message/headers", field("X", "y"))), "X: y\nA: 1");
    EXPECT_EQ(edited("", x), "X: y\n");
    EXPECT_EQ(edited("A: 1\nno field\n", set("/message/subject", "s")),
              "A: 1\nSubject: s\n\nno field\n");
    EXPECT_EQ(edited("A: 1\nno field\n", set("/message/headers/0/value", "2")), "A: 2\nno field\n");
}

TEST(HeaderEdits, AreLimited)   // C57
{
    Message message("A: 1\n\n");
    for (int n = 0; n < 256; ++n)
        EXPECT_EQ(test::apply(message, add("/message/headers", field("X", "y"))), "");
    EXPECT_EQ(test::apply(message, add("/message/headers", field("X", "y"))),
              "too many fields were added");
    EXPECT_EQ(test::apply(message, set("/message/subject", "s")), "too many fields were added");
    message.begin_response();
    EXPECT_EQ(test::apply(message, add("/message/headers", field("X", "y"))), "");

    std::string many;
    for (int n = 0; n < 10'000; ++n) many += "A: 1\n";
    EXPECT_EQ(edited(many + "\n", add("/message/headers", field("X", "y"))),
              "!the message has too many fields");
    // One too many to be seen: what is not seen stays header.
    Message cut(many + "B: 2\n\nbody\n");
    EXPECT_EQ(test::apply(cut, delete_at("/message/headers/0")), "");
    EXPECT_EQ(test::apply(cut, add("/message/headers", field("X", "y"))), "");
    EXPECT_EQ(lf_of(cut), many.substr(5) + "X: y\nB: 2\n\nbody\n");
}

TEST(HeaderEdits, TheMessageStaysBelowItsLimit)
{
    const std::string small = "A: 1\n\nbody\n";
    const auto size = Message(small).size();
    EXPECT_EQ(edited(small, add("/message/headers", field("X", "y")), {.limit = size + 6}),
              "A: 1\nX: y\n\nbody\n");
    EXPECT_EQ(edited(small, add("/message/headers", field("X", "y")), {.limit = size + 5}),
              "!the message would be too long");
    EXPECT_EQ(edited(small, set("/message/headers/0/value", "12"), {.limit = size}),
              "!the message would be too long");
    EXPECT_EQ(edited("A: 12\n\nbody\n", set("/message/headers/0/value", "1"), {.limit = 1}),
              "A: 1\n\nbody\n");
}

TEST(HeaderEdits, ANotificationCanBeSuppressed)
{
    for (const auto* path : {"/message", "/rawMessage"}) {
        Message message("A: 1\n\n");
        EXPECT_EQ(test::apply(message, delete_at(path)), "the message cannot be deleted");
        EXPECT_FALSE(message.suppressed());
        EXPECT_EQ(test::apply(message, delete_at(path), {.is_notification = true}), "");
        EXPECT_TRUE(message.suppressed());
        EXPECT_FALSE(message.changed());
    }
}

TEST(HeaderEdits, LaterOnesSeeEarlierOnes)
{
    Message message("A: 1\nContent-Type: text/plain\n\nbody\n");
    EXPECT_EQ(part(message, "/type"), "text/plain");
    EXPECT_EQ(test::apply(message, set("/message/headers/1/value", "text/html")), "");
    EXPECT_EQ(part(message, "/type"), "text/html");
    EXPECT_EQ(test::apply(message, add_at(0, "/message/headers", field("Subject", "new"))), "");
    EXPECT_EQ(property(message, "subject"), "new");
    EXPECT_EQ(property(message, "headers").at(0).at("name"), "Subject");
    EXPECT_EQ(test::apply(message, delete_at("/message/headers/2")), "");
    EXPECT_EQ(part(message, "/type"), "text/plain");
}
