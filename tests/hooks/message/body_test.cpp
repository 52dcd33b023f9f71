// The body as scanners see it: parts, their numbers, the flat lists, decoded text, content once
// (mta-hooks section 8, C37 to C39).
#include "hooks/message/messages.hpp"
#include "hooks/message/preview.hpp"
#include "hooks/message/structure.hpp"

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

// "type id [subparts]" of the tree.
std::string tree(const json::value& part)
{
    std::string text(part.at("type").as_string());
    const auto& id = part.at("partId");
    text += ' ' + (id.is_null() ? "-" : std::string(id.as_string()));
    const auto* children = part.as_object().if_contains("subParts");
    if (!children) return text;
    text += '(';
    for (const auto& child : children->as_array())
        text += (text.ends_with('(') ? "" : ", ") + tree(child);
    return text + ')';
}

std::string shape(const std::string& text)
{
    return tree(property(Message(text), "bodyStructure"));
}

std::string ids(const Message& message, std::string_view list)
{
    std::string text;
    const auto parts = property(message, list);
    for (const auto& part : parts.as_array()) {
        if (!text.empty()) text += ' ';
        text += part.at("partId").as_string();
    }
    return text;
}

std::string multipart(const std::string& subtype, const std::string& boundary,
                      const std::vector<std::string>& parts)
{
    std::string text = "Content-Type: multipart/" + subtype + "; boundary=" + boundary + "\n\n";
    for (const auto& part : parts) text += "--" + boundary + "\n" + part + "\n";
    return text + "--" + boundary + "--\n";
}

std::string leaf(const std::string& type, const std::string& more = "")
{
    return "Content-Type: " + type + "\n" + more + "\ncontent";
}

std::string value_of(const std::string& text, std::string_view id = "1")
{
    const auto values = property(Message(text), "bodyValues");
    return std::string(values.at(id).at("value").as_string());
}

bool has_problem(const std::string& text)
{
    return property(Message(text), "bodyValues").at("1").at("isEncodingProblem").as_bool();
}

}

TEST(Mime, AMessageWithoutFieldsIsText)
{
    EXPECT_EQ(member("\nhello\n", "bodyStructure"),
              R"({"partId":"1","size":7,"name":null,"type":"text/plain","charset":"us-ascii",)"
              R"("disposition":null,"cid":null,"language":null,"location":null})");
}

TEST(Mime, PartsHaveTheNumbersOfImap)
{
    EXPECT_EQ(shape(leaf("image/png")), "image/png 1");
    EXPECT_EQ(
        shape(multipart("mixed", "a",
                        {leaf("text/plain"),
                         multipart("alternative", "b", {leaf("text/plain"), leaf("text/html")}),
                         leaf("message/rfc822"), leaf("image/png")})),
        "multipart/mixed -(text/plain 1, multipart/alternative -(text/plain 2.1, text/html 2.2), "
        "message/rfc822 3, image/png 4)");
}

TEST(Mime, MessagesInsideAreLeaves)
{
    const auto text = multipart(
        "mixed", "a",
        {"Content-Type: message/rfc822\n\n" + multipart("mixed", "b", {leaf("text/plain")})});
    EXPECT_EQ(shape(text), "multipart/mixed -(message/rfc822 1)");
    EXPECT_EQ(shape(multipart("digest", "a", {"\nSubject: x\n\nbody"})),
              "multipart/digest -(message/rfc822 1)");
}

TEST(Mime, FieldsOfAPart)
{
    const Message message(
        "Content-Type: Text/HTML; charset=UTF-8; name=\"=?utf-8?q?caf=C3=A9?=\"\n"
        "Content-Disposition: Attachment; filename*=utf-8''b%C3%A9.html\nContent-ID: <x@y> (c)\n"
        "Content-Language: en, de-AT (x)\nContent-Location: http://x.example/\n a\n\n<p>\n");
    EXPECT_EQ(json::serialize(property(message, "bodyStructure")),
              "{\"partId\":\"1\",\"size\":5,\"name\":\"b\xC3\xA9.html\",\"type\":\"text/html\","
              "\"charset\":\"UTF-8\",\"disposition\":\"attachment\",\"cid\":\"x@y\",\"language\":["
              "\"en\",\"de-AT\"],"
              "\"location\":\"http://x.example/a\"}");
    EXPECT_EQ(part(Message("Content-Type: a/b; name=\"=?utf-8?q?caf=C3=A9?=\"\n\n"), "/name"),
              "caf\xC3\xA9");
    EXPECT_EQ(part(Message("Content-Type: image/png\n\n"), "/charset"), json::value());
    EXPECT_EQ(part(Message("Content-Type: nonsense; charset=utf-8\n\n"), "/type"), "text/plain");
    EXPECT_EQ(part(Message("Content-Type: image/png\nContent-Type: text/html\n\n"), "/type"),
              "text/html");
}

TEST(Mime, BoundariesEndInnerPartsToo)
{
    // The inner multipart is never closed.
    const std::string text =
        "Content-Type: multipart/mixed; boundary=a\n\n--a\n"
        "Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--a\n\ntwo\n--a--\n";
    EXPECT_EQ(shape(text), "multipart/mixed -(multipart/mixed -(text/plain 1.1), text/plain 2)");
    EXPECT_EQ(value_of(text, "1.1"), "one");
    EXPECT_EQ(value_of(text, "2"), "two");
}

TEST(Mime, WhatFollowsTheLastBoundaryIsNoPart)
{
    const std::string text = "Content-Type: multipart/mixed; "
                             "boundary=a\n\npreamble\n--a\n\none\n--a--\nepilogue\n--a\n\nno\n";
    EXPECT_EQ(shape(text), "multipart/mixed -(text/plain 1)");
    EXPECT_EQ(value_of(text), "one");
}

TEST(Mime, TheSameBoundaryInsideBelongsToTheInner)
{
    const std::string text = "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: "
                             "multipart/mixed; boundary=a\n\n"
                             "--a\n\none\n--a--\n--a\n\ntwo\n--a--\n";
    EXPECT_EQ(shape(text), "multipart/mixed -(multipart/mixed -(text/plain 1.1), text/plain 2)");
}

TEST(Mime, OddBoundaryLines)
{
    EXPECT_EQ(
        shape("Content-Type: multipart/mixed; boundary=\"a b\"\n\n--a b \t\n\none\n--a b--  \n"),
        "multipart/mixed -(text/plain 1)");
    EXPECT_EQ(shape("Content-Type: multipart/mixed; boundary=a\n\n--ab\n\none\n--a--\n"),
              "text/plain 1");
    EXPECT_EQ(shape("Content-Type: multipart/mixed; boundary=\"a--\"\n\n--a--\n\none\n--a----\n"),
              "multipart/mixed -(text/plain 1)");
    EXPECT_EQ(shape("Content-Type: multipart/mixed; boundary=a\n\n--a\r\n\r\none\r\n--a--\r\n"),
              "multipart/mixed -(text/plain 1)");
}

TEST(Mime, AMultipartWithoutPartsIsText)
{
    for (const auto* type : {"multipart/mixed", "multipart/mixed; boundary=",
                             "multipart/mixed; boundary=\"\"", "multipart/mixed; boundary=never"}) {
        const auto text =
            "Content-Type: " + std::string(type) + "\nContent-Transfer-Encoding: base64\n\nhello\n";
        EXPECT_EQ(shape(text), "text/plain 1") << type;
        EXPECT_EQ(value_of(text), "hello\n") << type;
    }
    EXPECT_EQ(shape(multipart("mixed", "a",
                              {"Content-Type: multipart/mixed; boundary=b\n\nx", leaf("a/b")})),
              "multipart/mixed -(text/plain 1, a/b 2)");
}

TEST(Mime, PartsWithoutHeaderOrBody)
{
    const std::string text = "Content-Type: multipart/mixed; boundary=a\n\n--a\n--a\n\n--a\nX: "
                             "y\n--a\nno field\n--a\n\n\n--a--\n";
    EXPECT_EQ(
        shape(text),
        "multipart/mixed -(text/plain 1, text/plain 2, text/plain 3, text/plain 4, text/plain 5)");
    for (const auto& [id, value] : std::vector<std::pair<std::string, std::string>>{
             {"1", ""}, {"2", ""}, {"3", ""}, {"4", "no field"}, {"5", ""}})
        EXPECT_EQ(value_of(text, id), value) << id;
}

TEST(Mime, LinesBeforeBoundariesBelongToThem)
{
    const auto text = multipart("mixed", "a", {"\none\n", "\ntwo", "\n"});
    EXPECT_EQ(value_of(text, "1"), "one\n");
    EXPECT_EQ(value_of(text, "2"), "two");
    EXPECT_EQ(value_of(text, "3"), "");
}

TEST(Mime, SizesAreOfDecodedOctets)
{
    const auto text =
        multipart("mixed", "a", {"\none\ntwo", "Content-Transfer-Encoding: base64\n\nYWJj\n"});
    EXPECT_EQ(part(Message(text), "/subParts/0/size"), 8);
    EXPECT_EQ(part(Message(text), "/subParts/1/size"), 3);
    // "--a" … "--a--" with CRLF
    EXPECT_EQ(part(Message(text), "/size"), 74);
}

TEST(Mime, OneHundredLevels)
{
    std::string text;
    for (int n = 0; n < 150; ++n)
        text += "Content-Type: multipart/mixed; boundary=b" + std::to_string(n) + "\n\n--b" +
                std::to_string(n) + "\n";
    text += "\ndeep\n";
    const Message message(text);
    const auto structure = property(message, "bodyStructure");
    const json::value* at = &structure;
    int levels = 0;
    for (; at->as_object().contains("subParts"); ++levels) at = &at->at("subParts").at(0);
    EXPECT_EQ(levels, 100);
    EXPECT_EQ(at->at("type"), "application/octet-stream");
    EXPECT_TRUE(at->as_object().contains("blob"));
    EXPECT_EQ(lf_of(message), text);
}

TEST(Mime, TenThousandParts)
{
    std::string text = "Content-Type: multipart/mixed; boundary=a\n\n";
    for (int n = 0; n < 12'000; ++n) text += "--a\n\nx\n";
    const auto structure = split_header(text);
    const auto parsed = parse_mime(structure.header, structure.body);
    EXPECT_EQ(parsed.parts.size(), 10'000U);
    EXPECT_EQ(parsed.parts.back().fields.type, "application/octet-stream");
    EXPECT_EQ(parsed.parts.back().content.end, structure.body.size());
    EXPECT_EQ(parsed.parts[1].fields.type, "text/plain");
}

TEST(BodyLists, FlattenAsJmapSays)
{
    struct Case {
        std::string text, lists;   // text | html | attachments
    };
    const auto plain = leaf("text/plain"), html = leaf("text/html"), image = leaf("image/png"),
               pdf = leaf("application/pdf");
    for (const auto& [text, lists] : std::vector<Case>{
             {plain, "1|1|"},
             {html, "1|1|"},
             {pdf, "||1"},
             {image, "1|1|"},
             {leaf("text/plain", "Content-Disposition: attachment\n"), "||1"},
             {leaf("text/csv"), "||1"},
             {multipart("alternative", "a", {plain, html}), "1|2|"},
             {multipart("alternative", "a", {plain}), "1|1|"},
             {multipart("alternative", "a", {html}), "1|1|"},
             {multipart("alternative", "a", {plain, html, leaf("text/calendar")}), "1|2|3"},
             {multipart("alternative", "a", {plain, html, image}), "1|2|3"},
             {multipart("mixed", "a", {plain, pdf}), "1|1|2"},
             {multipart("mixed", "a", {plain, image, plain}), "1 2 3|1 2 3|"},
             {multipart("mixed", "a", {plain, leaf("text/plain; name=x.txt")}), "1|1|2"},
             {multipart("mixed", "a", {plain, leaf("image/png; name=x.png")}), "1 2|1 2|"},
             {multipart("related", "a", {html, image}), "1|1|2"},
             {multipart(
                  "mixed", "a",
                  {multipart("alternative", "b", {plain, multipart("related", "c", {html, image})}),
                   pdf}),
              "1.1|1.2.1|1.2.2 2"},
             {multipart("alternative", "a",
                        {multipart("mixed", "b", {plain, image}),
                         multipart("mixed", "c", {html, image})}),
              "1.1 1.2|2.1 2.2|1.2 2.2"},
             // The mailing list case of RFC 8621: header, alternatives, footer.
             {multipart(
                  "mixed", "a",
                  {plain,
                   multipart("mixed", "b", {multipart("alternative", "c", {plain, html}), plain}),
                   plain}),
              "1 2.1.1 2.2 3|1 2.1.2 2.2 3|"},
         }) {
        const Message message(text);
        EXPECT_EQ(ids(message, "textBody") + '|' + ids(message, "htmlBody") + '|' +
                      ids(message, "attachments"),
                  lists)
            << text;
    }
}

TEST(BodyLists, AttachmentsAreWhatIsNotInline)
{
    EXPECT_FALSE(Message(leaf("text/plain")).has_attachment());
    EXPECT_TRUE(Message(leaf("application/pdf")).has_attachment());
    EXPECT_FALSE(
        Message(leaf("application/pdf", "Content-Disposition: inline\n")).has_attachment());
    EXPECT_EQ(member(leaf("application/pdf"), "hasAttachment"), "true");
}

TEST(BodyValues, AreDecodedText)
{
    EXPECT_EQ(value_of("Content-Transfer-Encoding: base64\nContent-Type: text/plain; "
                       "charset=iso-8859-1\n\nY2Fm6Q0KYg0K\n"),
              "caf\xC3\xA9\nb\n");
    EXPECT_EQ(value_of("Content-Transfer-Encoding: quoted-printable\nContent-Type: text/plain; "
                       "charset=utf-8\n\n"
                       "caf=C3=A9 =\nx\n"),
              "caf\xC3\xA9 x\n");
    EXPECT_EQ(value_of("Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: "
                       "8bit\n\ncaf\xC3\xA9\n"),
              "caf\xC3\xA9\n");
    EXPECT_EQ(value_of("Content-Type: text/plain; charset=utf-16be\nContent-Transfer-Encoding: "
                       "base64\n\nAGEADQAKAGI=\n"),
              "a\nb");
    EXPECT_FALSE(has_problem("Content-Type: text/plain; charset=utf-8\n\ncaf\xC3\xA9\n"));
}

TEST(BodyValues, HaveEveryTextPart)
{
    const Message message(
        multipart("mixed", "a",
                  {leaf("text/plain"), leaf("image/png"), leaf("text/csv"), leaf("text/html")}));
    std::string found;
    const auto values = property(message, "bodyValues");
    for (const auto& entry : values.as_object()) {
        found += std::string(entry.key()) + ' ';
        EXPECT_FALSE(entry.value().at("isTruncated").as_bool());
    }
    EXPECT_EQ(found, "1 3 4 ");
    EXPECT_EQ(message.body_texts(), (std::vector<std::string>{"content", "content", "content"}));
}

TEST(BodyValues, ProblemsAreSaid)
{
    EXPECT_TRUE(has_problem("Content-Type: text/plain; charset=none-such\n\nx\n"));
    EXPECT_TRUE(has_problem("Content-Type: text/plain; charset=utf-8\n\n\xE9\n"));
    EXPECT_TRUE(has_problem("\n\xC3\xA9\n"));
    EXPECT_TRUE(has_problem("Content-Transfer-Encoding: base64\n\nY*Q==\n"));
    EXPECT_TRUE(has_problem("Content-Transfer-Encoding: quoted-printable\n\n=zz\n"));
    EXPECT_TRUE(has_problem("Content-Transfer-Encoding: x-none\n\nx\n"));
    EXPECT_FALSE(has_problem("\nx\n"));
}

TEST(Blobs, AreThereOnceForWhatIsNoText)
{
    const Message message(
        multipart("mixed", "a", {leaf("text/plain"), leaf("image/png"), "\n\xE9"}));
    const auto count = [&](const std::vector<std::string>& wanted) {
        std::vector<Pointer> pointers;
        for (const auto& name : wanted) pointers.push_back(*Pointer::parse(name));
        const auto text = json::serialize(message.properties(pointers));
        std::size_t found = 0;
        for (auto at = text.find("\"blob\""); at != std::string::npos;
             at = text.find("\"blob\"", at + 1))
            ++found;
        return found;
    };
    EXPECT_EQ(count({""}), 2U);
    EXPECT_EQ(count({"/bodyStructure"}), 2U);
    EXPECT_EQ(count({"/textBody", "/htmlBody", "/attachments"}), 2U);
    EXPECT_EQ(count({"/textBody", "/htmlBody"}), 2U);
    EXPECT_EQ(count({"/bodyValues"}), 0U);
    const auto in_structure = message.properties({Pointer()}).at("bodyStructure");
    EXPECT_EQ(in_structure.at_pointer("/subParts/1/blob"), "Y29udGVudA==");
    EXPECT_EQ(in_structure.at_pointer("/subParts/2/blob"), "6Q==");
    EXPECT_FALSE(in_structure.at_pointer("/subParts/0").as_object().contains("blob"));
    EXPECT_FALSE(in_structure.as_object().contains("blob"));
}

TEST(Blobs, AreDecoded)
{
    EXPECT_EQ(
        part(Message("Content-Type: image/png\nContent-Transfer-Encoding: base64\n\nAP\n+A\n"),
             "/blob"),
        "AP+A");
    EXPECT_EQ(part(Message("Content-Type: message/rfc822\n\nA: b\n\nc\n"), "/blob"),
              "QTogYg0KDQpjDQo=");
}

TEST(Preview, IsTheFirstWords)
{
    EXPECT_EQ(member("\n  hello\n\n world \n", "preview"), R"("hello world")");
    EXPECT_EQ(member("Content-Type: "
                     "text/html\n\n<html><head><title>no</title></head><style>x{}</"
                     "style><p>Caf&eacute; &amp; "
                     "<b>more</b><!-- no --> &lt;\n",
                     "preview"),
              R"("Caf&eacute; & more <")");
    EXPECT_EQ(member("\n" + std::string(1000, 'x') + "\n", "preview"),
              '"' + std::string(256, 'x') + '"');
    std::string wide;
    for (int n = 0; n < 300; ++n) wide += "\xE2\x82\xAC";
    EXPECT_EQ(member("Content-Type: text/plain; charset=utf-8\n\n" + wide, "preview").size(),
              256U * 3 + 2);
    EXPECT_EQ(member(leaf("application/pdf"), "preview"), R"("")");
    EXPECT_EQ(text_of_html("a<script>no</b></script >b"), "a b");
    EXPECT_EQ(text_of_html("<"), " ");
}

TEST(Projection, LongerPointersFilterParts)
{
    const Message message(multipart("mixed", "a", {leaf("text/plain"), leaf("image/png")}));
    EXPECT_EQ(
        json::serialize(message.properties({*Pointer::parse("/bodyStructure/subParts/type"),
                                            *Pointer::parse("/bodyValues/1/value"),
                                            *Pointer::parse("/attachments/partId")})),
        R"({"bodyValues":{"1":{"value":"content"}},"bodyStructure":{"subParts":[{"type":"text/plain"},)"
        R"({"type":"image/png"}]},"attachments":[]})");
}
