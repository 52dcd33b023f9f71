// Edits of the body: mta-hooks 11.1 (C55) and 11.2 (C56).
#include "hooks/message/messages.hpp"

#include "hooks/codec/serialization.hpp"
#include "hooks/values/base64.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

using namespace grapnel;
using namespace grapnel::hooks;
using namespace grapnel::test;
namespace json = boost::json;

namespace {

std::string with_body(const std::string& text, std::string_view value, std::string_view id = "1")
{
    const auto now =
        edited(text, set("/message/bodyValues/" + std::string(id) + "/value", json::string(value)));
    if (now.starts_with('!')) return now;
    const auto seen = property(Message(now), "bodyValues").at(id);
    EXPECT_EQ(seen.at("value"), json::value(json::string(value))) << now;
    EXPECT_FALSE(seen.at("isEncodingProblem").as_bool()) << now;
    return now;
}

std::string raw(const std::string& text, std::string_view octets, const MessageRules& rules = {})
{
    return edited(text, set("/rawMessage", json::string(base64(octets))), rules);
}

const std::string parts =
    "Subject: x\nContent-Type: multipart/mixed; boundary=b\n\npreamble\n--b\n\none\n--b\n"
    "Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: "
    "quoted-printable\n\ncaf=E9\n\n--b\n"
    "Content-Type: image/png\n\npng\n--b--\nepilogue\n";

}

TEST(BodyEdits, OnlyTheContentOfThePartChanges)
{
    EXPECT_EQ(with_body("A: 1\n\nbody\n", "new\n"), "A: 1\n\nnew\n");
    auto wanted = parts;
    EXPECT_EQ(with_body(parts, "two\nlines\n", "1"),
              wanted.replace(wanted.find("one"), 3, "two\nlines\n"));
    wanted = parts;
    EXPECT_EQ(with_body(parts, "th\xC3\xA9\n", "2"),
              wanted.replace(wanted.find("caf=E9"), 6, "th=E9"));
    EXPECT_EQ(edited(parts, add("/message/bodyValues/1/value", "one")), parts);
}

TEST(BodyEdits, TheValueItHasChangesNothing)
{
    EXPECT_EQ(with_body(parts, "caf\xC3\xA9\n", "2"), parts);
    EXPECT_EQ(with_body("Content-Transfer-Encoding: base64\n\nYWI\nNCmM=\n", "ab\nc"),
              "Content-Transfer-Encoding: base64\n\nYWI\nNCmM=\n");
    EXPECT_EQ(edited("A: 1\n\na\nb", set("/message/bodyValues/1/value", "a\r\nb")), "A: 1\n\na\nb");
}

TEST(BodyEdits, TheTransferEncodingStaysWhereItFits)
{
    EXPECT_EQ(with_body("Content-Transfer-Encoding: base64\n\nYQ==\n", "a\nb"),
              "Content-Transfer-Encoding: base64\n\nYQ0KYg==\n");
    EXPECT_EQ(with_body("Content-Transfer-Encoding: quoted-printable\n\na\n", "b =\n"),
              "Content-Transfer-Encoding: quoted-printable\n\nb =3D\n");
    EXPECT_EQ(
        with_body("Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\na\n",
                  "\xC3\xA9\n"),
        "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n\xC3\xA9\n");
}

TEST(BodyEdits, WhatDoesNotFitBecomesQuotedPrintable)
{
    EXPECT_EQ(with_body("Content-Type: text/plain; charset=utf-8\nX: y\n\na\n", "\xC3\xA9\n"),
              "Content-Type: text/plain; charset=utf-8\nX: y\nContent-Transfer-Encoding: "
              "quoted-printable\nMIME-Version: 1.0\n\n=C3=A9\n");
    EXPECT_EQ(with_body("MIME-Version: 1.0\nContent-Type: text/plain; "
                        "charset=utf-8\ncontent-transfer-encoding:7bit (x)\n\na\n",
                        "\xC3\xA9\n"),
              "MIME-Version: 1.0\nContent-Type: text/plain; "
              "charset=utf-8\ncontent-transfer-encoding: quoted-printable\n\n=C3=A9\n");
    const auto now = with_body("MIME-Version: 1.0\nContent-Type: text/plain; "
                               "charset=utf-8\nContent-Transfer-Encoding: 8bit\n\na\n",
                               std::string(1200, 'x'));
    EXPECT_NE(now.find("Content-Transfer-Encoding: quoted-printable\n"), std::string::npos);
    EXPECT_NE(with_body("A: 1\n\na\n", "a\rb\n").find("a=0Db"), std::string::npos);
}

TEST(BodyEdits, WhatTheCharsetHasNotBecomesUtf8)
{
    EXPECT_EQ(with_body("MIME-Version: 1.0\nContent-Type: text/plain; charset=\"iso-8859-1\"; "
                        "format=flowed\n\na\n",
                        "\xE2\x82\xAC\n"),
              "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8; format=flowed\n"
              "Content-Transfer-Encoding: quoted-printable\n\n=E2=82=AC\n");
    EXPECT_EQ(with_body("A: 1\n\na\n", "\xC3\xA9\n"),
              "A: 1\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: "
              "quoted-printable\nMIME-Version: 1.0\n\n=C3=A9\n");
    EXPECT_EQ(with_body("MIME-Version: 1.0\nContent-Type:text/html\n\na\n", "\xC3\xA9\n"),
              "MIME-Version: 1.0\nContent-Type:text/html; "
              "charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n=C3=A9\n");
    EXPECT_EQ(
        with_body("MIME-Version: 1.0\nContent-Type: text/plain; charset=none-such\n\na\n", "b\n"),
        "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\nb\n");
    EXPECT_EQ(with_body("MIME-Version: 1.0\nContent-Type: text/plain;\n "
                        "charset=utf-16\nContent-Transfer-Encoding: base64\n\nAGE=\n",
                        "b"),
              "MIME-Version: 1.0\nContent-Type: text/plain;\n "
              "charset=utf-8\nContent-Transfer-Encoding: base64\n\nYg==\n");
    EXPECT_EQ(
        with_body("Content-Type: text/plain; charset=us-ascii; charset=utf-8\n\na\n", "\xC3\xA9"),
        "!the part names its charset more than once");
}

TEST(BodyEdits, PartsKeepTheirPlaces)
{
    const std::string odd = "Content-Type: multipart/mixed; boundary=b\n\n--b\n--b\n\n--b\nX: "
                            "y\n--b\nno field\n--b\n\n\n--b--\n";
    EXPECT_EQ(with_body(odd, "new", "1"),
              "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nnew\n--b\n\n--b\nX: y\n--b\nno "
              "field\n--b\n\n\n--b--\n");
    EXPECT_EQ(with_body(odd, "new", "2"),
              "Content-Type: multipart/mixed; boundary=b\n\n--b\n--b\n\nnew\n--b\nX: y\n--b\nno "
              "field\n--b\n\n\n--b--\n");
    EXPECT_EQ(with_body(odd, "new", "3"),
              "Content-Type: multipart/mixed; boundary=b\n\n--b\n--b\n\n--b\nX: y\n\nnew\n--b\nno "
              "field\n--b\n\n\n--b--\n");
    EXPECT_EQ(with_body(odd, "A: 1", "4"),
              "Content-Type: multipart/mixed; boundary=b\n\n--b\n--b\n\n--b\nX: y\n--b\n\nA: "
              "1\n--b\n\n\n--b--\n");
    EXPECT_EQ(with_body(odd, "new", "5"),
              "Content-Type: multipart/mixed; boundary=b\n\n--b\n--b\n\n--b\nX: y\n--b\nno "
              "field\n--b\n\nnew\n--b--\n");
    EXPECT_EQ(with_body("A: 1\nno field\n", "B: 2\n"), "A: 1\n\nB: 2\n");
    EXPECT_EQ(with_body("A: 1", "b"), "A: 1\n\nb");
    EXPECT_EQ(with_body("Content-Type: multipart/mixed; boundary=b\n\n--b\n", "new"),
              "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nnew");
    EXPECT_EQ(with_body("Content-Type: multipart/mixed; boundary=b\n\n--b", "new"),
              "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nnew");
    EXPECT_EQ(with_body("Content-Type: multipart/mixed; boundary=b\n\n--b\nX: y", "new"),
              "Content-Type: multipart/mixed; boundary=b\n\n--b\nX: y\n\nnew");
}

TEST(BodyEdits, SeveralPartsAndAgain)
{
    Message message(parts);
    EXPECT_EQ(test::apply(message, set("/message/bodyValues/2/value", "\xE2\x82\xAC")), "");
    EXPECT_EQ(test::apply(message, set("/message/bodyValues/1/value", "eins")), "");
    EXPECT_EQ(test::apply(message, set("/message/bodyValues/2/value", "zwei")), "");
    EXPECT_EQ(property(message, "bodyValues").at("2").at("value"), "zwei");
    EXPECT_EQ(part(message, "/subParts/1/charset"), "utf-8");
    EXPECT_EQ(test::apply(message, set("/message/subject", "s")), "");
    const auto now = lf_of(message);
    EXPECT_EQ(
        now, "Subject: s\nContent-Type: multipart/mixed; boundary=b\n\npreamble\n--b\n\neins\n--b\n"
             "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: "
             "quoted-printable\n\nzwei\n--b\n"
             "Content-Type: image/png\n\npng\n--b--\nepilogue\n");
    EXPECT_EQ(json::serialize(all_of(message)), json::serialize(all_of(Message(now))));
    EXPECT_EQ(message.size(), crlf_of(message).size());
}

TEST(BodyEdits, AChangedTypeChangesTheParts)
{
    Message message(parts);
    EXPECT_EQ(test::apply(message, set("/message/bodyValues/1/value", "eins")), "");
    EXPECT_EQ(test::apply(message, set("/message/headers/1/value", "text/plain")), "");
    EXPECT_EQ(part(message, "/type"), "text/plain");
    const auto body = std::string(property(message, "bodyValues").at("1").at("value").as_string());
    EXPECT_NE(body.find("eins"), std::string::npos);
    EXPECT_EQ(test::apply(message, set("/message/bodyValues/1/value", "all")), "");
    EXPECT_EQ(lf_of(message), "Subject: x\nContent-Type: text/plain\n\nall");
    EXPECT_EQ(message.size(), crlf_of(message).size());
}

TEST(BodyEdits, TakingThePartsAnewIsLimited)
{
    Message message("Content-Description: x\n" + parts);
    std::string why;
    int times = 0;
    for (; times < 100 && why.empty(); ++times) {
        EXPECT_EQ(test::apply(message, set("/message/headers/0/value", times % 2 ? "x" : "y")), "");
        why = test::apply(message, set("/message/bodyValues/1/value",
                                       json::string("text " + std::to_string(times))));
    }
    EXPECT_EQ(why, "the structure was changed too often");
    EXPECT_EQ(times, 17);
}

TEST(BodyEdits, WhatIsRefused)   // C55
{
    const auto why = [](const std::string& text, std::string_view id, std::string_view value) {
        return with_body(text, value, id);
    };
    EXPECT_EQ(why(parts, "4", "x"), "!there is no such part");
    EXPECT_EQ(why(parts, "", "x"), "!there is no such part");
    EXPECT_EQ(why(parts, "3", "x"), "!the part is no text");
    EXPECT_EQ(why(parts, "1", "a\n--b\nc"), "!the text has a boundary in it");
    EXPECT_EQ(why(parts, "1", "--b--"), "!the text has a boundary in it");
    EXPECT_EQ(why("Content-Type: multipart/mixed; boundary=b\n\nno parts\n", "1", "x"),
              "!the part is no text");
    for (const auto* subtype : {"signed", "encrypted"}) {
        const auto text = "Content-Type: multipart/" + std::string(subtype) +
                          "; boundary=a\n\n--a\n"
                          "Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b--\n--a--\n";
        EXPECT_EQ(why(text, "1.1", "x"), "!the part is signed or encrypted");
    }
    const std::string nested = "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: "
                               "multipart/mixed; boundary=b\n\n--b\n\none\n--b--\n--a--\n";
    EXPECT_EQ(why(nested, "1.1", "--a"), "!the text has a boundary in it");
    EXPECT_EQ(edited(parts, set("/message/bodyValues/1/value", 5)), "!a body value is a string");
    EXPECT_EQ(edited(parts, delete_at("/message/bodyValues/1/value")), "!this cannot be edited");
    EXPECT_EQ(
        edited("A: 1\n\nbody\n", set("/message/bodyValues/1/value", "longer body"), {.limit = 18}),
        "!the message would be too long");
    EXPECT_EQ(edited(parts, set("/message/bodyValues/2/value", std::string(600, 'x').c_str()),
                     {.limit = 500}),
              "!the message would be too long");
}

TEST(RawMessages, ReplaceEverything)   // C56
{
    EXPECT_EQ(raw("A: 1\n\nx\n", "B: 2\r\n\r\ny\r\n"), "B: 2\n\ny\n");
    EXPECT_EQ(raw("A: 1\n\nx\n", "B: 2\n\ny\r\nz"), "B: 2\n\ny\nz");   // bare LF becomes CRLF
    EXPECT_EQ(raw("A: 1\n\nx\n", "B: 2\r\n"), "B: 2\n");
    EXPECT_EQ(edited("A: 1\n\nx\n", add("/rawMessage", json::string(base64("B: 2\n\n")))),
              "B: 2\n\n");
    EXPECT_EQ(raw("A: 1\n\nx\n", "A: 1\r\n\r\nx\r\n"), "A: 1\n\nx\n");
    auto operation = set("/rawMessage", nullptr);
    operation.bytes = "B: 2\r\n\r\n\xE9";
    EXPECT_EQ(edited("A: 1\n\nx\n", operation), "B: 2\n\n\xE9");
}

TEST(RawMessages, AreSeenByLaterEdits)
{
    Message message(parts);
    EXPECT_EQ(
        test::apply(message, set("/rawMessage", json::string(base64("Subject: y\r\n\r\nz\r\n")))),
        "");
    EXPECT_TRUE(message.changed());
    EXPECT_EQ(property(message, "subject"), "y");
    EXPECT_EQ(test::apply(message, set("/message/bodyValues/1/value", "all")), "");
    EXPECT_EQ(lf_of(message), "Subject: y\n\nall");
}

TEST(RawMessages, AreChecked)
{
    const std::string old = "A: 1\n\nx\n";
    EXPECT_EQ(edited(old, set("/rawMessage", "")), "!the message is empty");
    EXPECT_EQ(edited(old, set("/rawMessage", "QQ")), "!the message is not base64");
    EXPECT_EQ(edited(old, set("/rawMessage", "QTogMQ0K\n")), "!the message is not base64");
    EXPECT_EQ(edited(old, set("/rawMessage", 5)), "!the message is base64");
    EXPECT_EQ(raw(old, std::string("A: 1\r\n\r\n\0", 9)), "!the message has NUL or a bare CR");
    EXPECT_EQ(raw(old, "A: 1\r\n\r\na\rb"), "!the message has NUL or a bare CR");
    EXPECT_EQ(raw(old, "A: 1\r\r\n\r\nb"), "!the message has NUL or a bare CR");
    EXPECT_EQ(raw(old, "\r\nbody"), "!the message has no header");
    EXPECT_EQ(raw(old, "no field\r\n"), "!the message has no header");
    EXPECT_EQ(raw(old, " A: 1\r\n"), "!the message has no header");
    EXPECT_EQ(raw(old, "A: 1\r\nno field\r\n\r\n"), "!the header has a line that is no field");
    EXPECT_EQ(raw(old, "A: 1\r\n\r\nlonger\r\n", {.limit = 15}), "!the message would be too long");
    std::string many;
    for (int n = 0; n < 10'001; ++n) many += "A: 1\r\n";
    EXPECT_EQ(raw(old, many), "!the message has too many fields");
    EXPECT_EQ(edited(old, delete_at("/rawMessage")), "!the message cannot be deleted");
}
