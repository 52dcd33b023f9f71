#include "remote/worker_wire.hpp"

#include <gtest/gtest.h>

using namespace grapnel::remote;
using namespace std::string_literals;

TEST(WorkerWire, WhatIsWrittenIsReadBack)
{
    const WorkerJob job{300, "far.example", "", "r@far.example"};
    EXPECT_EQ(encode(job), "J300\0far.example\0\0r@far.example\0"s);
    EXPECT_EQ(decode_worker_job(encode(job)), job);
    const WorkerReport report{300, "r\0Kfine\n\0"s};
    EXPECT_EQ(decode_worker_report(encode(report)), report);
    EXPECT_EQ(decode_greeting(encode(Greeting{20})), Greeting{20});
}

TEST(WorkerWire, CutShortIsNeverAJob)
{
    const auto whole = encode(WorkerJob{7, "h", "s", "r@h"});
    for (std::size_t length = 0; length < whole.size(); ++length)
        EXPECT_FALSE(decode_worker_job(std::string_view(whole).substr(0, length))) << length;
    EXPECT_FALSE(decode_worker_job(whole + "x"));
}

TEST(WorkerWire, WhatOtherProgramsSayIsNoGreeting)
{
    for (const auto* text :
         {"", "G", "DI (qmail-remote) was invoked improperly. (#5.3.5)\n", "Gqmail-remote/1 ",
          "Gqmail-remote/1 0", "Gqmail-remote/2 20", "Gqmail-remote/1 -3"})
        EXPECT_FALSE(decode_greeting(text)) << text;
    for (const auto& text : {"R"s, "R7"s, "Rx\0"s, "R-1\0K"s, "J7\0K"s, "R99999999999\0K"s})
        EXPECT_FALSE(decode_worker_report(text)) << text;
}
