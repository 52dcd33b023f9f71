#include "base/mail/header.hpp"

#include <gtest/gtest.h>

#include <vector>

using namespace grapnel;

namespace {

struct Split {
    std::vector<std::string> fields;
    std::string body;
    bool empty_line = false, too_long = false;
    bool operator==(const Split&) const = default;
};

// Feeds text in pieces of the given size.
Split split(std::string_view text, std::size_t piece = std::string_view::npos,
            std::size_t limit = 1000,
            HeaderSplitter::FromLines from_lines = HeaderSplitter::FromLines::end_header)
{
    HeaderSplitter splitter(limit, from_lines);
    Split result;
    std::string_view bytes;
    for (;;) {
        const bool out_of_input = bytes.empty() && text.empty();
        if (bytes.empty()) {
            bytes = text.substr(0, piece);
            text.remove_prefix(bytes.size());
        }
        switch (out_of_input ? splitter.finish() : splitter.take(bytes)) {
        case HeaderSplitter::Step::more:
            break;
        case HeaderSplitter::Step::field:
            result.fields.push_back(splitter.field());
            break;
        case HeaderSplitter::Step::too_long:
            result.too_long = true;
            return result;
        case HeaderSplitter::Step::end:
            result.empty_line = splitter.empty_line();
            result.body = splitter.rest() + std::string(bytes) + std::string(text);
            return result;
        }
    }
}

}

TEST(Header, NamesEndBeforeBlanksAndColon)
{
    EXPECT_EQ(field_name("Subject: x\n"), "Subject");
    EXPECT_EQ(field_name("Subject \t: x"), "Subject");
    for (const auto* bad :
         {"", ":", " x: y", "a b: c", "no colon", "a\x01: b", "\xc3\xa9: b", "\n"})
        EXPECT_FALSE(field_name(bad)) << bad;
    EXPECT_TRUE(is_field("TO: x", "to"));
    EXPECT_FALSE(is_field("Too: x", "to"));
    EXPECT_EQ(field_value("A: b\n c\n"), " b\n c\n");
}

TEST(Header, UnfoldsAndFolds)
{
    EXPECT_EQ(unfold(" one\n two\n\tthree \n"), "one two\tthree");
    EXPECT_EQ(fold("A: one two three four", 12), "A: one two\n three four");
    EXPECT_EQ(fold("A: onetwothreefourfive six", 10), "A:\n onetwothreefourfive\n six");
    EXPECT_EQ(fold("short: x"), "short: x");
}

TEST(Header, FindsTheFirstFieldWithItsContinuation)
{
    const std::string_view header = "A: 1\nSubject: a\n b\nSubject: c\n\nTo: body\n";
    EXPECT_EQ(find_field(header, "subject"), "Subject: a\n b\n");
    EXPECT_FALSE(find_field(header, "To"));
    EXPECT_EQ(find_field("A: 1", "a"), "A: 1");
}

TEST(HeaderSplitter, SplitsTheSameWhateverThePieces)
{
    for (const std::string_view text :
         {"A: 1\nB: 2\n 3\n\nbody\n", "A: 1\n", "A: 1", "\nbody", "", "A: 1\nno field\nB: 2\n",
          " blank first\n", "A: 1\n  \nB: 2\n\n", "A: 1\r\n\r\nx\r\n", "From a b\nA: 1\n\n", "A",
          "A: 1\nB", ": x\n"}) {
        const auto whole = split(text);
        for (std::size_t piece = 1; piece < 5; ++piece)
            EXPECT_EQ(split(text, piece), whole) << text << piece;
    }
}

TEST(HeaderSplitter, EndsAtAnEmptyLineOrAtWhatIsNoField)
{
    EXPECT_EQ(split("A: 1\nB: 2\n 3\n\nbody\n"),
              (Split{{"A: 1\n", "B: 2\n 3\n"}, "body\n", true, false}));
    EXPECT_EQ(split("A: 1\nno field\nB: 2\n"),
              (Split{{"A: 1\n"}, "no field\nB: 2\n", false, false}));
    EXPECT_EQ(split("A: 1"), (Split{{"A: 1"}, "", false, false}));
    EXPECT_EQ(split("A: 1\r\n\r\nx"), (Split{{"A: 1\r\n"}, "\r\nx", false, false}));
    EXPECT_EQ(split("hello"), (Split{{}, "hello", false, false}));
}

TEST(HeaderSplitter, MailboxLinesAreFieldsWhereAskedFor)
{
    EXPECT_EQ(split("From a b\nA: 1\n\nx").fields.size(), 0u);
    const auto kept = split("From a b\nA: 1\n\nx", 3, 1000, HeaderSplitter::FromLines::are_fields);
    EXPECT_EQ(kept, (Split{{"From a b\n", "A: 1\n"}, "x", true, false}));
}

TEST(HeaderSplitter, IsBoundedButNotByABody)
{
    const std::string long_field = "A: " + std::string(2000, 'x') + "\n\n";
    EXPECT_TRUE(split(long_field).too_long);
    EXPECT_TRUE(split("A: 1\n" + std::string(2000, ' ') + "\n").too_long);
    EXPECT_TRUE(split(std::string(2000, 'x')).too_long);
    EXPECT_FALSE(split("A: 1\n\n" + std::string(2000, 'x')).too_long);
    EXPECT_EQ(split("A: 1\nbody " + std::string(2000, 'x')).body.size(), 2005u);
}
