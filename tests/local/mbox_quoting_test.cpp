#include "local/mbox_quoting.hpp"

#include <gtest/gtest.h>

namespace grapnel::local {

namespace {

std::string quoted(std::string_view message, std::size_t step)
{
    MboxQuoting quoting;
    std::string result;
    for (; !message.empty(); message.remove_prefix(std::min(step, message.size())))
        quoting.take(message.substr(0, step), result);
    quoting.finish(result);
    return result;
}

}

TEST(MboxQuoting, LinesThatLookLikeTheFirstOneOfAMessageGetAQuote)
{
    const std::pair<const char*, const char*> table[] = {
        {"", "\n"},
        {"a\n", "a\n\n"},
        {"a", "a\n\n"},
        {"\n", "\n\n"},
        {"\n\n", "\n\n\n"},
        {"From me\n", ">From me\n\n"},
        {">From me\n", ">>From me\n\n"},
        {">>>From me\n", ">>>>From me\n\n"},
        {"From ", ">From \n\n"},
        {"From", "From\n\n"},
        {"From\nFrom \n", "From\n>From \n\n"},
        {"from me\nFromme\n From me\n", "from me\nFromme\n From me\n\n"},
        {">\n>>\n>F\n", ">\n>>\n>F\n\n"},
        {"x From me\nFrom x", "x From me\n>From x\n\n"},
        {"F>From me\n", "F>From me\n\n"},
        {"Fr\n>", "Fr\n>\n\n"},
    };
    for (const auto& [plain, expected] : table)
        for (std::size_t step = 1; step < 12; ++step)
            EXPECT_EQ(quoted(plain, step), expected) << plain << " by " << step;
}

}
