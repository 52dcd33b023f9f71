#include "hooks/values/utc_date.hpp"

#include <gtest/gtest.h>

namespace grapnel::hooks {
namespace {

constexpr std::int64_t moment = 1'795'335'330'120;   // 2026-11-22T08:15:30.120Z

TEST(UtcDate, IsWrittenWithMilliseconds)
{
    EXPECT_EQ(utc_date(moment), "2026-11-22T08:15:30.120Z");
    EXPECT_EQ(utc_date(0), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(utc_date(951'782'400'007), "2000-02-29T00:00:00.007Z");
}

TEST(UtcDate, StaysWithinFourDigitsOfYear)
{
    EXPECT_EQ(utc_date(INT64_MAX), "9999-12-31T23:59:59.999Z");
    EXPECT_EQ(utc_date(INT64_MIN), "1970-01-01T00:00:00.000Z");
}

TEST(UtcDate, IsReadWithAnyFraction)
{
    EXPECT_EQ(parse_utc_date("2026-11-22T08:15:30.120Z"), moment);
    EXPECT_EQ(parse_utc_date("2026-11-22T08:15:30Z"), moment - 120);
    EXPECT_EQ(parse_utc_date("2026-11-22T08:15:30.1Z"), moment - 20);
    EXPECT_EQ(parse_utc_date("2026-11-22T08:15:30.120999999999Z"), moment);
    EXPECT_EQ(parse_utc_date("2000-02-29T00:00:00.007Z"), 951'782'400'007);
    EXPECT_EQ(parse_utc_date("9999-12-31T23:59:59.999Z"), 253'402'300'799'999);
}

TEST(UtcDate, IsARealDateInItsOnlyForm)
{
    for (const std::string_view text : {"",
                                        "Z",
                                        "2026-11-22",
                                        "2026-11-22T08:15:30",
                                        "2026-11-22T08:15:30z",
                                        "2026-11-22t08:15:30Z",
                                        "2026-11-22 08:15:30Z",
                                        "2026-11-22T08:15:30+00:00",
                                        "2026-11-22T08:15Z",
                                        "2026-11-22T08:15:30.Z",
                                        "2026-11-22T08:15:30,5Z",
                                        "2026-11-22T08:15:30.5xZ",
                                        "2026-11-22T08:15:30ZZ",
                                        "2026-1-22T08:15:30Z",
                                        "2026-13-22T08:15:30Z",
                                        "2026-00-22T08:15:30Z",
                                        "2026-02-29T08:15:30Z",
                                        "2026-11-31T08:15:30Z",
                                        "2026-11-00T08:15:30Z",
                                        "2026-11-22T24:00:00Z",
                                        "2026-11-22T08:60:00Z",
                                        "2026-11-22T08:15:60Z",
                                        "1969-12-31T23:59:59Z",
                                        "0000-01-01T00:00:00Z",
                                        "+026-11-22T08:15:30Z",
                                        " 2026-11-22T08:15:30Z",
                                        "2026-11-22T08:15:30Z "})
        EXPECT_FALSE(parse_utc_date(text)) << text;
}

}
}
