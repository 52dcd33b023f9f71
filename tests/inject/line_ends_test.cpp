#include "inject/line_ends.hpp"

#include <gtest/gtest.h>

using grapnel::inject::LineEnds;

namespace {

std::string convert(std::string_view text, std::size_t piece)
{
    LineEnds line_ends;
    std::string result;
    for (; !text.empty(); text.remove_prefix(std::min(piece, text.size())))
        result += line_ends.feed(text.substr(0, piece));
    return result += line_ends.finish();
}

}

TEST(LineEnds, TheFirstLineDecides)
{
    const std::pair<const char*, const char*> rows[] = {
        {"A: b\r\n\r\nx\r\n", "A: b\n\nx\n"},
        {"A: b\r\nc\r\r\nd\re\n\r", "A: b\nc\r\nd\re\n\r"},
        {"A: b\nc\r\n", "A: b\nc\r\n"},
        {"\r\na\r\n", "\na\n"},
        {"\na\r\n", "\na\r\n"},
        {"no end\r", "no end\r"},
        {"", ""},
    };
    for (const auto& [text, converted] : rows)
        for (std::size_t piece = 1; piece < 9; ++piece)
            EXPECT_EQ(convert(text, piece), converted) << text << piece;
}

TEST(LineEnds, AVeryLongFirstLineIsNotWaitedFor)
{
    LineEnds line_ends;
    const std::string line(100000, 'x');
    EXPECT_EQ(line_ends.feed(line), line);
}
