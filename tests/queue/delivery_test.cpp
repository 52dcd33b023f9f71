#include "queue/delivery.hpp"

#include <gtest/gtest.h>

using namespace grapnel::queue;
using namespace std::string_literals;

TEST(Delivery, CommandsHaveQmailsBytes)
{
    EXPECT_EQ(encode(Job{7, "3/1095", "s@x.example", "ok@far.example"}),
              "\x07"s + "3/1095\0s@x.example\0ok@far.example\0"s);
}

TEST(Delivery, CommandsArriveInAnyPieces)
{
    const auto bytes = encode(Job{0, "3/1", "", "r@h"}) + encode(Job{254, "4/2", "s", "q@h"});
    for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
        JobReader reader;
        std::string seen;
        for (std::size_t at = 0; at < bytes.size(); at += piece) {
            auto part = std::string_view(bytes).substr(at, piece);
            while (const auto job = reader.take(part))
                seen +=
                    std::to_string(job->number) + job->message + job->sender + job->recipient + ' ';
        }
        EXPECT_EQ(seen, "03/1r@h 2544/2sq@h ") << piece;
        EXPECT_FALSE(reader.within_command());
    }
}

TEST(Delivery, ACommandWithoutEndIsNotKept)
{
    JobReader reader;
    const std::string flood = "\1" + std::string(100000, 'x');
    std::string_view bytes = flood;
    EXPECT_FALSE(reader.take(bytes));
    EXPECT_TRUE(reader.broken());
}

TEST(Delivery, ReportsAreReadBackAsTheyWereWritten)
{
    const auto bytes = encode(Report{0, 'K', "fine\nvery\n"}) + encode(Report{200, 'D', ""});
    for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
        ReportReader reader;
        std::string seen;
        for (std::size_t at = 0; at < bytes.size(); at += piece) {
            auto part = std::string_view(bytes).substr(at, piece);
            while (const auto report = reader.take(part))
                seen += std::to_string(report->number) + report->letter + report->text + '|';
        }
        EXPECT_EQ(seen, "0Kfine\nvery\n|200D|") << piece;
    }
}

TEST(Delivery, ReportsMayLackALetterAndAreCut)
{
    ReportReader reader;
    std::string_view short_one("\5\0", 2);
    const auto report = reader.take(short_one);
    ASSERT_TRUE(report);
    EXPECT_EQ(report->letter, '\0');
    const auto long_one = encode(Report{1, 'Z', std::string(longest_report + 500, 'x')});
    std::string_view bytes = long_one;
    EXPECT_EQ(reader.take(bytes)->text.size(), longest_report);
    EXPECT_EQ(encode(Report{1, 'Z', "a\0b"s}), "\1Za\0"s);
}
