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

TEST(Delivery, NumbersBeyondAByteAreWrittenOut)
{
    EXPECT_EQ(encode(Job{300, "3/1", "s", "r@h"}), "\xff"s + "300:3/1\0s\0r@h\0"s);
    EXPECT_EQ(encode(Report{10000, 'K', "done\n"}), "\xff"s + "10000:Kdone\n\0"s);
    for (const unsigned slot : {0u, 254u, 255u, 256u, 9999u}) {
        const auto number = number_of_slot(slot);
        EXPECT_NE(number, question_number);
        EXPECT_EQ(slot_of_number(number), slot);
    }
}

TEST(Delivery, WideNumbersArriveInAnyPieces)
{
    const auto commands = encode(Job{300, "3/1", "", "r@h"}) + encode(Job{254, "4/2", "s", "q@h"});
    const auto reports = encode(Report{300, 'K', "a"}) + encode(Report{7, 'D', "b"}) +
                         encode(Report{9999, '\0', ""});
    for (std::size_t piece = 1; piece <= commands.size(); ++piece) {
        JobReader jobs;
        ReportReader answers;
        std::string seen;
        for (std::size_t at = 0; at < commands.size(); at += piece) {
            auto part = std::string_view(commands).substr(at, piece);
            while (const auto job = jobs.take(part))
                seen += std::to_string(job->number) + ' ' + job->message + ' ';
        }
        EXPECT_EQ(seen, "300 3/1 254 4/2 ") << piece;
        seen.clear();
        for (std::size_t at = 0; at < reports.size(); at += piece) {
            auto part = std::string_view(reports).substr(at, piece);
            while (const auto report = answers.take(part))
                seen += std::to_string(report->number) + (report->letter ? report->letter : '-') +
                        report->text + ' ';
        }
        EXPECT_EQ(seen, "300Ka 7Db 9999- ") << piece;
    }
}

TEST(Delivery, WhatIsNoWideNumberStaysAsItIs)
{
    for (const std::string text : {"x:1", ":1", "255:1", "12:1", "1234567890:1", "-300:1", "300"}) {
        JobReader jobs;
        const auto bytes = "\xff" + text + "\0s\0r\0"s;
        std::string_view rest = bytes;
        const auto job = jobs.take(rest);
        ASSERT_TRUE(job) << text;
        EXPECT_EQ(job->number, question_number) << text;
        EXPECT_EQ(job->message, text);
    }
    ReportReader reports;
    const auto refusal = "\xffZInternal error: delnum too big. (#4.3.5)\n\0"s;
    std::string_view rest = refusal;
    const auto report = reports.take(rest);
    ASSERT_TRUE(report);
    EXPECT_EQ(report->number, question_number);
    EXPECT_EQ(report->letter, 'Z');
    EXPECT_EQ(decode_offer(*report), std::nullopt);
}

TEST(Delivery, AWideReportIsCutWhereAnyOtherIs)
{
    ReportReader reports;
    const auto bytes = encode(Report{9999, 'Z', std::string(longest_report + 500, 'x')});
    std::string_view rest = bytes;
    EXPECT_EQ(reports.take(rest)->text.size(), longest_report);
}

TEST(Delivery, AnOfferIsReadBackAndMayGrow)
{
    EXPECT_EQ(decode_offer(encode(Offer{960})), Offer{960});
    EXPECT_EQ(decode_offer(encode(Offer{960, true})), (Offer{960, true}));
    const auto offer = [](std::string text) { return decode_offer({question_number, 'K', text}); };
    EXPECT_EQ(offer("spawn/1 colour=blue limit=7 batch"), Offer{7});
    for (const auto* text : {"", "spawn/1", "spawn/1 limit=", "spawn/1 limit=0", "spawn/1 limit=-1",
                             "spawn/2 limit=7", "accepted message."})
        EXPECT_EQ(offer(text), std::nullopt) << text;
    EXPECT_EQ(decode_offer({3, 'K', "spawn/1 limit=7"}), std::nullopt);
    EXPECT_TRUE(is_question(question()));
    EXPECT_FALSE(is_question(Job{question_number, "3/1", "spawn/1", ""}));
    EXPECT_EQ(encode(question()), "\xff?\0spawn/1\0records\0"s);
    EXPECT_TRUE(offers_records(question()));
}
