// Messages made to hurt: reading one costs processor time in proportion to its size, whatever it is
// made of. The limit is generous (a debug build on a busy machine); quadratic work is far beyond
// it.
#include "hooks/message/messages.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <gtest/gtest.h>

#include <ctime>

using namespace grapnel;
using namespace grapnel::hooks;
using namespace grapnel::test;
namespace json = boost::json;

namespace {

constexpr std::size_t size = 256U << 10U;   // of a message
constexpr double limit = 20;                // seconds of this process

std::string filled(std::string_view with)
{
    std::string text;
    text.reserve(size + with.size());
    while (text.size() < size) text += with;
    return text;
}

std::string multipart(const std::string& body)
{
    return "Content-Type: multipart/mixed; boundary=b\n\n" + body;
}

struct Hostile {
    std::string name, text;
};

std::vector<Hostile> hostile()
{
    std::string levels;
    for (int n = 0; levels.size() < size; ++n)
        levels += "Content-Type: multipart/mixed; boundary=b" + std::to_string(n) + "\n\n--b" +
                  std::to_string(n) + "\n";
    return {
        {"one line", filled("x")},
        {"one field", "Subject: " + filled("x") + "\n\n"},
        {"one long name", filled("x") + ": y\n\n"},
        {"many fields", filled("A:\n")},
        {"many folds", "Subject:" + filled("\n x") + "\n\n"},
        {"many words", "Subject: " + filled("=?utf-8?q?a?= ") + "\n\n"},
        {"beginnings of words", "Subject: " + filled("=?") + "\n\n"},
        {"one long word", "Subject: =?utf-8?b?" + filled("YWJj") + "?=\n\n"},
        {"many addresses", "To: " + filled("a@b.example,") + "\n\n"},
        {"open comments", "To: " + filled("(") + "\n\n"},
        {"open angles", "To: " + filled("<") + "\n\n"},
        {"open quotes", "To: " + filled("\"") + "\n\n"},
        {"many groups", "To: " + filled("a:;") + "\n\n"},
        {"many ids", "References: " + filled("<a>") + "\n\n"},
        {"comments in a date", "Date: " + filled("()") + "\n\n"},
        {"parameters", "Content-Type: a/b" + filled(";a=b") + "\n\n"},
        {"pieces of a parameter", "Content-Type: a/b" + filled(";a*1*=b") + "\n\n"},
        {"comments in a type", "Content-Type: " + filled("(x)") + "\n\n"},
        {"a long boundary", "Content-Type: multipart/mixed; boundary=" + filled("b") + "\n\n--b\n"},
        {"languages", "Content-Language: " + filled("a,") + "\n\n"},
        {"many parts", multipart(filled("--b\n"))},
        {"many parts with fields",
         multipart(filled("--b\nContent-Type: text/plain; charset=utf-8\n\nx\n"))},
        {"many levels", levels},
        {"nearly boundaries", multipart(filled("--\n"))},
        {"long nearly boundaries", multipart(filled("--" + std::string(5000, 'b') + "\n"))},
        {"inner boundaries never closed",
         multipart(filled("--b\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\nx\n"))},
        {"empty lines", "\n" + filled("\n")},
        {"bad base64", "Content-Transfer-Encoding: base64\n\n" + filled("Y*=")},
        {"bad quoted-printable", "Content-Transfer-Encoding: quoted-printable\n\n" + filled("=z")},
        {"blanks in quoted-printable",
         "Content-Transfer-Encoding: quoted-printable\n\n" + filled(" ")},
        {"bad Japanese",
         "Content-Type: text/plain; charset=iso-2022-jp\n\n" + filled("\x1B$B\xFF")},
        {"html of tags", "Content-Type: text/html\n\n" + filled("<")},
        {"html of styles", "Content-Type: text/html\n\n" + filled("<style></")},
        {"NUL", std::string(size, '\0')},
    };
}

double seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

}

TEST(Bounds, ReadingCostsWhatTheSizeIs)
{
    for (const auto& [name, text] : hostile()) {
        const auto began = seconds();
        const Message message(text);
        const auto all = all_of(message);
        EXPECT_EQ(all.size(), 20U) << name;
        EXPECT_EQ(crlf_of(message).size(), message.size()) << name;
        message.field_texts("Subject");
        message.body_texts();
        message.has_attachment();
        EXPECT_LT(seconds() - began, limit) << name;
    }
}

TEST(Bounds, EditingManyTimesCostsLittleMore)
{
    std::string text = "Content-Type: multipart/mixed; boundary=b\n";
    for (int n = 0; n < 9'000; ++n) text += "A: 1\n";
    text += "\n";
    for (int n = 0; n < 9'000; ++n) text += "--b\n\nx\n";
    text += "--b\n\n" + filled("a line\n") + "--b--\n";
    Message message(text);
    const auto began = seconds();
    for (int n = 0; n < 1'000; ++n) {
        const auto name = std::to_string(n);
        test::apply(message, set("/message/headers/" + std::to_string(n * 8 + 1) + "/value",
                                 json::string(name)));
        test::apply(message, set("/message/bodyValues/" + std::to_string(n * 9 + 1) + "/value",
                                 json::string(name)));
        test::apply(message, set("/message/bodyValues/9001/value", json::string("last " + name)));
        test::apply(message, add_at(0, "/message/headers", {{"name", "X"}, {"value", "y"}}));
        test::apply(message, set("/message/subject", json::string(name)));
        test::apply(message, set("/message/headers/0/value", json::string("text/" + name)));
    }
    EXPECT_TRUE(message.changed());
    EXPECT_EQ(crlf_of(message).size(), message.size());
    EXPECT_LT(seconds() - began, limit);
}

TEST(Bounds, OnlyFieldsWantedMeansOnlyFieldsRead)
{
    // As many parts as there may be, and the header alone: a hundredth of the work of all.
    const Message message(multipart(filled("--b\nContent-Type: text/plain; charset=utf-8\n\nx\n")));
    auto began = seconds();
    for (int n = 0; n < 20; ++n)
        message.properties({*Pointer::parse("/headers"), *Pointer::parse("/subject")});
    const auto fields = seconds() - began;
    began = seconds();
    all_of(message);
    EXPECT_LT(fields, seconds() - began);
}
