#include "remote/timeout_table.hpp"

#include "base/sys/file.hpp"
#include "support/process.hpp"
#include "support/temp_home.hpp"

#include <gmock/gmock.h>

using namespace grapnel::remote;
using namespace grapnel::test;
using grapnel::net::IpAddress;

namespace {

class TcptoTable : public testing::Test {
protected:
    static IpAddress host(int last)
    {
        return IpAddress::v4({192, 0, 2, static_cast<std::uint8_t>(last)});
    }
    std::string show() { return run({{home.program("qmail-tcpto")}, home.environment()}).output; }
    TempHome home;
    const std::string path = home / "queue/lock/tcpto";
    const TimeoutTable table{path};
};

}

TEST(TimeoutRecord, BothWays)
{
    const TimeoutRecord record{{192, 0, 2, 1}, 3, 0x65432101};
    const auto bytes = encode(record);
    EXPECT_EQ(bytes, std::string("\xc0\x00\x02\x01\x03\0\0\0\x01\x21\x43\x65\0\0\0\0", 16));
    EXPECT_EQ(decode_timeouts(bytes + bytes.substr(0, 15)), std::vector{record});
}

TEST(TimeoutRecord, SkippedAfterTwoTimeoutsForAnHour)
{
    const auto skipped = [](std::uint8_t count, std::time_t age, pid_t pid) {
        return is_to_be_skipped({{}, count, 1000000}, 1000000 + age, pid);
    };
    EXPECT_FALSE(skipped(1, 0, 0));
    EXPECT_TRUE(skipped(2, 60 * 64 - 1, 0));
    EXPECT_FALSE(skipped(2, 60 * 64, 0));
    EXPECT_TRUE(skipped(2, 91 * 64 - 1, 63));
    EXPECT_FALSE(skipped(2, 91 * 64, 63));
}

TEST_F(TcptoTable, TimeoutsCloseTogetherCountOnce)
{
    table.note_timeout(host(1), 1000);
    table.note_timeout(host(1), 1119);
    EXPECT_EQ(table.find(host(1))->count, 1);
    table.note_timeout(host(1), 1120);
    EXPECT_EQ(*table.find(host(1)), (TimeoutRecord{{192, 0, 2, 1}, 2, 1120}));
    for (int i = 0; i < 20; ++i) table.note_timeout(host(1), 2000 + i * 120);
    EXPECT_EQ(table.find(host(1))->count, 10);
}

TEST_F(TcptoTable, AnAnswerForgetsThem)
{
    table.note_timeout(host(1), 1000);
    table.note_answer(host(1));
    EXPECT_EQ(table.find(host(1))->count, 0);
    EXPECT_EQ(show(), "");
}

TEST_F(TcptoTable, AFullTableGivesUpTheOldest)
{
    for (int i = 0; i < 64; ++i) table.note_timeout(host(i), 100000 + i * 10);
    table.note_timeout(host(0), 100000 + 500);   // twice now, and newer: no longer the oldest
    table.note_timeout(host(100), 200000);
    EXPECT_FALSE(table.find(host(1)));
    EXPECT_TRUE(table.find(host(0)));
    EXPECT_TRUE(table.find(host(100)));
}

TEST_F(TcptoTable, HasNoRoomForIpv6AndNoFileIsNoTrouble)
{
    const auto v6 = *IpAddress::parse("2001:db8::1");
    table.note_timeout(v6, 1000);
    EXPECT_FALSE(table.find(v6));
    const TimeoutTable missing(home / "nowhere");
    missing.note_timeout(host(1), 1000);
    EXPECT_FALSE(missing.find(host(1)));
}

TEST_F(TcptoTable, ProgramsShowItAndClearIt)
{
    table.note_timeout(host(7), std::time(nullptr) - 50);
    EXPECT_THAT(show(),
                testing::MatchesRegex(
                    "192\\.0\\.2\\.7 timed out 5[0-9] seconds ago; # recent timeouts: 1\n"));
    EXPECT_EQ(run({{home.program("qmail-tcpok")}, home.environment()}).ending.code, 0);
    EXPECT_EQ(show(), "");
    EXPECT_EQ(slurp(path), std::string(1024, '\0'));
}

TEST_F(TcptoTable, ProgramsSayWhatIsMissing)
{
    grapnel::remove_file(path);
    const auto shown = run({{home.program("qmail-tcpto")}, home.environment()});
    EXPECT_EQ(shown.ending.code, 111);
    EXPECT_EQ(shown.output, "fatal: unable to open tcpto: file does not exist\n");
    const auto cleared = run({{home.program("qmail-tcpok")}, home.environment()});
    EXPECT_EQ(cleared.ending.code, 111);
    EXPECT_EQ(cleared.errors,
              "qmail-tcpok: fatal: unable to write " + path + ": file does not exist\n");
}
