#include "local/header_scan.hpp"

#include <gtest/gtest.h>

namespace grapnel::local {

namespace {

constexpr const char* line = "Delivered-To: joe@here.example\n";

HeaderScan scanned(std::string_view message, std::size_t step)
{
    HeaderScan scan(line);
    for (; !message.empty() && scan.take(message.substr(0, step));
         message.remove_prefix(std::min(step, message.size()))) {}
    return scan;
}

}

TEST(HeaderScan, OnlyTheVeryLineOfTheHeaderIsALoop)
{
    const std::string ours = line;
    const std::pair<std::string, bool> table[] = {
        {"", false},
        {ours, true},
        {"a: b\n" + ours + "\nbody", true},
        {"a: b\n c\n" + ours, true},
        {"\n" + ours, false},                       // the body may say what it likes
        {ours.substr(0, ours.size() - 1), false},   // no line end: not a whole line
        {"Delivered-To: joe@here.example \n", false},
        {"delivered-to: joe@here.example\n", false},   // exact, as qmail compares
        {"Delivered-To: Joe@here.example\n", false},
        {" " + ours, false},
        {"Delivered-To: joe@here.example.org\n", false},
        {"a: b\r\n\r\n" + ours, true},   // CR LF is no empty line here
    };
    for (const auto& [message, expected] : table)
        for (std::size_t step = 1; step < 40; step += 3)
            EXPECT_EQ(scanned(message, step).seen_here_before(), expected)
                << message << " by " << step;
}

TEST(HeaderScan, HopsAreReceivedAndDeliveredToFieldsOfTheHeader)
{
    const std::string message = "Received: a\n\tb\nRECEIVED:c\nDelivered-To: x\nReceivedx: y\n X: "
                                "Received: z\n\nReceived: no\n";
    for (std::size_t step = 1; step < 40; step += 5)
        EXPECT_EQ(scanned(message, step).hops(), 3u) << step;
}

TEST(HeaderScan, StopsAtTheEmptyLine)
{
    HeaderScan scan(line);
    EXPECT_TRUE(scan.take("a: b\n"));
    EXPECT_FALSE(scan.take("\nbody"));
    EXPECT_FALSE(scan.take(line));
    EXPECT_FALSE(scan.seen_here_before());
}

}
