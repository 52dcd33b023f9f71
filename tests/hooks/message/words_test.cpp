// Encoded words, charsets, transfer encodings, dates, parameters: each a table.
#include "hooks/message/charset.hpp"
#include "hooks/message/charset_names.hpp"
#include "hooks/message/content_field.hpp"
#include "hooks/message/date_form.hpp"
#include "hooks/message/encoded_word.hpp"
#include "hooks/message/transfer_encoding.hpp"
#include "hooks/values/utf8.hpp"

#include <gtest/gtest.h>

#include <iconv.h>

#include <algorithm>
#include <random>

using namespace grapnel;
using namespace grapnel::hooks;

namespace {

struct Case {
    std::string in, out;
};

std::string random_text(std::minstd_rand& random, std::size_t size)
{
    static const std::vector<std::string> pieces{
        "a", "B",  " ",  "  ", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80",
        "=", "?",  "=?", "?=", "_",        "word",         "=?utf-8?q?x?=",
        ".", "\"", "(",  ",",  "\t"};
    std::string text;
    while (text.size() < size) text += pieces[random() % pieces.size()];
    return text;
}

}

TEST(EncodedWords, AreDecoded)
{
    for (const auto& [in, out] : std::vector<Case>{
             {"plain", "plain"},
             {"=?utf-8?q?a?=", "a"},
             {"=?UTF-8?Q?a_b=20c=5F?=", "a b c_"},
             {"=?utf-8?b?w6k=?=", "\xC3\xA9"},
             {"=?utf-8?b?w6k?=", "\xC3\xA9"},   // padding forgotten
             {"=?iso-8859-1?q?caf=e9?=", "caf\xC3\xA9"},
             {"=?iso-8859-1*en?q?a?=", "a"},
             {"x =?utf-8?q?a?= y", "x a y"},
             {"=?utf-8?q?a?= =?utf-8?q?b?=", "ab"},
             {"=?utf-8?q?a?=   =?iso-8859-1?q?b?=  c", "ab  c"},
             {"=?utf-8?q?=C3?= =?utf-8?q?=A9?=", "\xC3\xA9"},   // a character cut in two
             {"=?utf-8?q?=C3?=", "\xEF\xBF\xBD"},
             {"=?utf-8?q?a=00=07b?=", "ab"},
             {"=?iso-2022-jp?b?GyRCRnxLXBsoQg==?=", "\xE6\x97\xA5\xE6\x9C\xAC"},
             {"=?iso-8859-1?q?caf\xE9?=", "caf\xC3\xA9"},   // not encoded in it
             // Not encoded words:
             {"x=?utf-8?q?a?=", "x=?utf-8?q?a?="},
             {"=?utf-8?q?a?=y", "=?utf-8?q?a?=y"},
             {"=?utf-8?q?a?==?utf-8?q?b?=", "=?utf-8?q?a?==?utf-8?q?b?="},
             {"=?utf-8?q?a b?=", "=?utf-8?q?a b?="},
             {"=?utf-8?x?a?=", "=?utf-8?x?a?="},
             {"=?nonsense?q?a?=", "=?nonsense?q?a?="},
             {"=?utf-8?q?=zz?=", "=?utf-8?q?=zz?="},
             {"=?utf-8?q?a", "=?utf-8?q?a"},
             {"=?", "=?"},
             {"=?"
              "?=",
              "=?"
              "?="},
             {"caf\xE9", "caf\xEF\xBF\xBD"},
             {"a  ", "a  "},
         })
        EXPECT_EQ(decode_words(in), out) << in;
}

TEST(EncodedWords, WhatIsEncodedIsDecodedToTheSame)
{
    std::minstd_rand random(1);
    for (int n = 0; n < 3000; ++n) {
        const auto text = random_text(random, random() % 300);
        auto encoded = encode_words(text, random() % 100);
        EXPECT_TRUE(std::all_of(encoded.begin(), encoded.end(), [](char c) { return c > 0; }));
        std::erase(encoded, '\n');
        const bool tab_in_words =
            text.find('\t') != std::string::npos;   // a control in a word is dropped
        if (!tab_in_words) { EXPECT_EQ(decode_words(encoded), text) << encoded; }
        EXPECT_TRUE(all_words_are_right(encoded)) << encoded;
        EXPECT_FALSE(needs_encoded_words(text) && encoded == text) << text;
    }
}

TEST(EncodedWords, AreShortAndFolded)
{
    std::string text;
    for (int n = 0; n < 300; ++n) text += "\xE6\x97\xA5";
    for (const std::size_t column : {0U, 9U, 40U, 70U, 200U}) {
        const auto encoded = encode_words(text, column);
        std::size_t begin = 0;
        while (begin < encoded.size()) {
            const auto end = std::min(encoded.find('\n', begin), encoded.size());
            EXPECT_LE(end - begin, 76U);
            begin = end + 1;
        }
    }
}

TEST(EncodedWords, WhatLooksLikeOneHasToBeOne)
{
    for (const auto* good :
         {"", "plain", "a=?b", "https://x.example/?a=?b", "=?utf-8?q?a?=", "(=?utf-8?q?a?=)",
          "a = ? b", "\"=?utf-8?b?w6k=?=\" <a@b>", "b=abc==; s=x"})
        EXPECT_TRUE(all_words_are_right(good)) << good;
    const auto long_word = "=?utf-8?q?" + std::string(70, 'a') + "?=";
    for (const auto& bad : std::vector<std::string>{
             "=?", "=?utf-8?q?a", "=?utf-8?q?a b?=", "=?utf-8?x?a?=", "=?none-such?q?a?=",
             "=?utf-8?q?=zz?=", "=?utf-8?b?w6k?=", "=?utf-8?b?w6!=?=", "=?utf-8?q?=C3?=",
             "x=?utf-8?x?a?=y", long_word})
        EXPECT_FALSE(all_words_are_right(bad)) << bad;
}

TEST(Charsets, AreReadAndWritten)
{
    struct Row {
        const char *charset, *octets, *text;
    };
    for (const auto& [charset, octets, text] : std::vector<Row>{
             {"utf-8", "caf\xC3\xA9", "caf\xC3\xA9"},
             {"UTF8", "\xC3\xA9", "\xC3\xA9"},
             {"iso-8859-1", "caf\xE9", "caf\xC3\xA9"},
             {"ISO-8859-15", "\xA4", "\xE2\x82\xAC"},
             {"windows-1252", "\x80", "\xE2\x82\xAC"},
             {"cp1251", "\xCF", "\xD0\x9F"},
             {"koi8-r", "\xF0", "\xD0\x9F"},
             {"shift_jis", "\x93\xFA", "\xE6\x97\xA5"},
             {"euc-jp", "\xC6\xFC", "\xE6\x97\xA5"},
             {"iso-2022-jp", "\x1B$BF|\x1B(B", "\xE6\x97\xA5"},
             {"gb2312", "\xC8\xD5", "\xE6\x97\xA5"},
             {"gb18030", "\xC8\xD5", "\xE6\x97\xA5"},
             {"big5", "\xA4\xE9", "\xE6\x97\xA5"},
             {"euc-kr", "\xB0\xA1", "\xEA\xB0\x80"},
             {"ks_c_5601-1987", "\xB0\xA1", "\xEA\xB0\x80"},
             {"us-ascii", "a", "a"},
         }) {
        const auto read = to_utf8(octets, charset);
        EXPECT_EQ(read.text, text) << charset;
        EXPECT_FALSE(read.problem) << charset;
        EXPECT_EQ(from_utf8(text, charset), octets) << charset;
    }
}

TEST(Charsets, WhatIsWrongIsReplacedAndSaid)
{
    for (const auto& [charset, octets, text] : std::vector<std::array<const char*, 3>>{
             {"utf-8", "a\xE9z", "a\xEF\xBF\xBDz"},
             {"us-ascii", "\xC3\xA9", "\xC3\xA9"},
             {"us-ascii", "\xE9", "\xEF\xBF\xBD"},
             {"none-such", "a\xC3\xA9", "a\xC3\xA9"},
             {"", "a", "a"},
             {"shift_jis", "a\x93", "a\xEF\xBF\xBD"},
             {"euc-jp", "a\xC6 b", "a\xEF\xBF\xBD b"},
             {"UTF-8//IGNORE", "a", "a"},
             {"../../tmp/x", "a", "a"},
         }) {
        const auto read = to_utf8(octets, charset);
        EXPECT_EQ(read.text, text) << charset;
        EXPECT_TRUE(read.problem) << charset;
    }
    EXPECT_EQ(from_utf8("\xE2\x82\xAC", "iso-8859-1"), std::nullopt);
    EXPECT_EQ(from_utf8("a", "utf-16"), std::nullopt);
    EXPECT_EQ(from_utf8("a", "none-such"), std::nullopt);
    EXPECT_EQ(from_utf8("\xC3\xA9", "us-ascii"), std::nullopt);
}

TEST(Charsets, NonsenseOfAnySizeIsReadOnce)
{
    const auto read = to_utf8(std::string(1U << 20U, '\xFF'), "euc-jp");
    EXPECT_TRUE(read.problem);
    EXPECT_TRUE(is_utf8(read.text));
}

TEST(Charsets, TheSystemHasAllThatAreListed)
{
    for (const auto& name : charsets_for_iconv()) {
        const auto opened = ::iconv_open("UTF-8", name.c_str());
        EXPECT_NE(opened, reinterpret_cast<iconv_t>(-1)) << name;
        if (opened != reinterpret_cast<iconv_t>(-1)) ::iconv_close(opened);
    }
    load_charsets();
}

TEST(TransferEncodings, AreNamed)
{
    EXPECT_EQ(transfer_encoding_named(" BASE64 "), TransferEncoding::base64);
    EXPECT_EQ(transfer_encoding_named("(x) quoted-printable (y)"),
              TransferEncoding::quoted_printable);
    EXPECT_EQ(transfer_encoding_named("8bit"), TransferEncoding::eight_bit);
    EXPECT_EQ(transfer_encoding_named("binary"), TransferEncoding::eight_bit);
    EXPECT_EQ(transfer_encoding_named("7Bit;"), TransferEncoding::seven_bit);
    EXPECT_EQ(transfer_encoding_named(""), TransferEncoding::seven_bit);
    EXPECT_EQ(transfer_encoding_named("x-uuencode"), TransferEncoding::unknown);
}

TEST(TransferEncodings, Base64IsReadWithTolerance)
{
    struct Row {
        std::string in, out;
        bool problem = false;
    };
    for (const auto& [in, out, problem] : std::vector<Row>{{"", ""},
                                                           {"YQ==\n", "a"},
                                                           {"Y\nWI\n=\n", "ab"},
                                                           {"YWJj", "abc"},
                                                           {"YWJj\nZGVm\n", "abcdef"},
                                                           {"YQ", "a", true},
                                                           {"YWI", "ab", true},
                                                           {"Y", "", true},
                                                           {"Y*WJj", "abc", true},
                                                           {"YQ==YQ==", "a", true},
                                                           {"YWJj\n-- \nlist\n", "abc", true},
                                                           {"=", "", true}}) {
        const auto octets = decode_transfer(TransferEncoding::base64, in);
        if (in.find("list") == std::string::npos) { EXPECT_EQ(octets.bytes, out) << in; }
        EXPECT_EQ(octets.problem, problem) << in;
    }
}

TEST(TransferEncodings, QuotedPrintableIsReadWithTolerance)
{
    struct Row {
        std::string in, out;
        bool problem = false;
    };
    for (const auto& [in, out, problem] : std::vector<Row>{{"", ""},
                                                           {"a=C3=a9\n", "a\xC3\xA9\r\n"},
                                                           {"a=\nb\n", "ab\r\n"},
                                                           {"a= \t\nb", "ab"},
                                                           {"a  \nb", "a\r\nb"},
                                                           {"a=20\n", "a \r\n"},
                                                           {"a=zz\n", "a=zz\r\n", true},
                                                           {"a=4", "a=4", true},
                                                           {"100%=\n", "100%"},
                                                           {"=", ""},
                                                           {"=\n", ""},
                                                           {"\n\n", "\r\n\r\n"}}) {
        const auto octets = decode_transfer(TransferEncoding::quoted_printable, in);
        EXPECT_EQ(octets.bytes, out) << in;
        EXPECT_EQ(octets.problem, problem) << in;
    }
}

TEST(TransferEncodings, WhatIsWrittenIsReadAgain)
{
    std::minstd_rand random(2);
    for (int n = 0; n < 500; ++n) {
        std::string octets;
        for (auto left = random() % 400; left > 0; --left) octets += static_cast<char>(random());
        const auto lines = base64_lines(octets);
        const auto read = decode_transfer(TransferEncoding::base64, lines);
        EXPECT_EQ(read.bytes, octets);
        EXPECT_FALSE(read.problem);

        auto text = random_text(random, random() % 400) + (n % 2 == 0 ? "\n" : "");
        for (auto& c : text)
            if (random() % 40 == 0) c = "\n.\r\0F"[random() % 5];
        const auto printable = quoted_printable_lines(text);
        const auto again = decode_transfer(TransferEncoding::quoted_printable, printable);
        std::string wanted;
        for (const char c : text) wanted += c == '\n' ? std::string("\r\n") : std::string(1, c);
        EXPECT_EQ(again.bytes, wanted);
        EXPECT_FALSE(again.problem);
        for (const auto& all : {lines, printable})
            for (std::size_t begin = 0; begin < all.size();) {
                const auto end = std::min(all.find('\n', begin), all.size());
                EXPECT_LE(end - begin, 76U);
                begin = end + 1;
            }
    }
}

TEST(TransferEncodings, QuotedPrintableIsSafeOnTheWay)
{
    EXPECT_EQ(quoted_printable_lines("a \nFrom x\n.\n..\n\t\n"),
              "a=20\n=46rom x\n=2E\n=2E.\n=09\n");
}

TEST(Dates, OfMailAreRead)
{
    for (const auto& [in, out] : std::vector<Case>{
             {"Sun, 22 Nov 2026 08:00:00 +0000", "2026-11-22T08:00:00Z"},
             {" 22 Nov 2026 08:00 -0530", "2026-11-22T08:00:00-05:30"},
             {"Sun,22 Nov 2026 08:00:00 +01:00", "2026-11-22T08:00:00+01:00"},
             {"Sun, 22 Nov 26 08:00:00 EST", "2026-11-22T08:00:00-05:00"},
             {"22 November 1999 8:0:0 GMT", "1999-11-22T08:00:00Z"},
             {"22 Nov 99 08:00:00", "1999-11-22T08:00:00Z"},
             {"Sun (x), 22 (y) Nov\n 2026 08 : 00 : 00 (z) +0000 (UTC)", "2026-11-22T08:00:00Z"},
             {"Sat, 29 Feb 2020 23:59:60 Z", "2020-02-29T23:59:59Z"},
         }) {
        const auto date = parse_mail_date(in);
        ASSERT_TRUE(date.has_value()) << in;
        EXPECT_EQ(json_date(*date), out) << in;
        EXPECT_EQ(parse_json_date(out), date) << in;
        EXPECT_EQ(parse_mail_date(mail_date(*date)), date) << in;
    }
    for (const auto* bad :
         {"", "today", "32 Nov 2026 08:00:00 +0000", "29 Feb 2021 08:00:00 +0000", "22 Nov 2026",
          "22 Nov 2026 24:00:00 +0000", "22 Nov 2026 08:61:00 +0000", "22 Foo 2026 08:00:00 +0000",
          "22 Nov 2026 08:00:00 +9999", "2026-11-22T08:00:00Z"})
        EXPECT_FALSE(parse_mail_date(bad).has_value()) << bad;
}

TEST(Dates, OfJsonAreRead)
{
    EXPECT_EQ(mail_date(*parse_json_date("2026-11-22T08:00:00.123-01:30")),
              "Sun, 22 Nov 2026 08:00:00 -0130");
    for (const auto* bad :
         {"", "2026-11-22", "2026-11-22T08:00:00", "2026-11-22t08:00:00Z", "2026-13-22T08:00:00Z",
          "2026-11-22T08:00:00+0100", "1969-11-22T08:00:00Z", "2026-11-22T08:00:00Zx",
          "2026-11-22T08:00:00.Z", "2026-11-22T25:00:00Z", "10000-01-01T00:00:00Z"})
        EXPECT_FALSE(parse_json_date(bad).has_value()) << bad;
}

TEST(ContentFields, AreReadWithTolerance)
{
    const auto value = [](std::string_view field, std::string_view name) {
        const auto parsed = parse_content_field(field);
        const auto* parameter = parsed.find(name);
        return parameter ? parameter->value : "none";
    };
    EXPECT_EQ(parse_content_field(" Text/PLAIN (x) ; a=b").value, "text/plain");
    EXPECT_EQ(parse_content_field("(c) text (d) / (e) html").value, "text/html");
    EXPECT_EQ(parse_content_field("").value, "");
    EXPECT_EQ(value("text/plain; charset=utf-8", "charset"), "utf-8");
    EXPECT_EQ(value("text/plain; CHARSET = \"utf-8\"", "charset"), "utf-8");
    EXPECT_EQ(value("text/plain;\n charset=utf-8 (x); a=b", "charset"), "utf-8");
    EXPECT_EQ(value("text/plain charset=utf-8", "charset"), "utf-8");
    EXPECT_EQ(value("text/plain;;; charset=utf-8;", "charset"), "utf-8");
    EXPECT_EQ(value("a/b; name=\"x\\\"y;z\"; c=d", "name"), "x\"y;z");
    EXPECT_EQ(value("a/b; name=\"x\\\"y;z\"; c=d", "c"), "d");
    EXPECT_EQ(value("a/b; name=my file (1).txt", "name"), "my file");
    EXPECT_EQ(value("a/b; name=file(1).txt", "name"), "file(1).txt");
    EXPECT_EQ(value("a/b; name=\"never closed", "name"), "never closed");
    EXPECT_EQ(value("a/b; name", "name"), "none");
    // RFC 2231
    EXPECT_EQ(value("a/b; name*=utf-8'en'caf%C3%A9", "name"), "caf\xC3\xA9");
    EXPECT_EQ(value("a/b; name*=iso-8859-1''caf%E9", "name"), "caf\xC3\xA9");
    EXPECT_EQ(value("a/b; name*0=one; name*1=\" two\"", "name"), "one two");
    EXPECT_EQ(value("a/b; name*1=two; name*0=one", "name"), "onetwo");
    EXPECT_EQ(value("a/b; name*0*=utf-8''caf; name*1*=%C3; name*2*=%A9; name*3=%20", "name"),
              "caf\xC3\xA9%20");
    EXPECT_EQ(value("a/b; name*0=one; name*2=three", "name"), "one");
    EXPECT_EQ(value("a/b; name=plain; name*=utf-8''better", "name"), "better");
    EXPECT_EQ(value("a/b; name*x=1", "name"), "none");
}
