#include "hooks/subscriptions.hpp"

#include "support/temp_home.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>

namespace grapnel::hooks {

using namespace std::chrono_literals;

class ReadSubscriptions : public ::testing::Test {
protected:
    test::TempDirectory control;
    void scanner(const std::string& name,
                 const std::vector<std::pair<std::string, std::string>>& files)
    {
        ::mkdir((control / "hooks").c_str(), 0755);
        ::mkdir((control / ("hooks/" + name)).c_str(), 0755);
        for (const auto& [file, text] : files)
            test::spill(control / ("hooks/" + name + '/' + file), text + '\n');
    }
    Subscriptions read() const { return read_subscriptions(control.path()); }
    std::chrono::seconds limit(Stage stage) const
    {
        return read().limits[static_cast<std::size_t>(stage)];
    }
};

TEST_F(ReadSubscriptions, WithoutScannersNobodyIsAsked)
{
    EXPECT_TRUE(read().stages.empty());
    EXPECT_EQ(subscription_files(control.path()), std::vector<std::string>{"hooks"});
    ::mkdir((control / "hooks").c_str(), 0755);
    EXPECT_TRUE(read().stages.empty());
}

TEST_F(ReadSubscriptions, StagesOfAllScannersAddUpAndTheStrictestPolicyHolds)
{
    scanner("10-a", {{"stages", "rcpt  data\tdelivery"}, {"on-failure", "accept"}});
    scanner("20-b", {{"stages", "data"}, {"on-failure", "reject"}});
    const auto all = read();
    EXPECT_TRUE(all.wants(Stage::rcpt) && all.wants(Stage::data) && all.wants(Stage::delivery));
    EXPECT_FALSE(all.wants(Stage::connect) || all.wants(Stage::dsn));
    EXPECT_EQ(all.policy(Stage::rcpt), Policy::accept);
    EXPECT_EQ(all.policy(Stage::data), Policy::reject);
    EXPECT_EQ(all.policy(Stage::delivery), Policy::accept);
}

TEST_F(ReadSubscriptions, WithoutAWordInboundStagesWaitAndOutboundOnesGoOn)
{
    scanner("a", {{"stages", "mail dsn"}});
    EXPECT_EQ(read().policy(Stage::mail), Policy::tempfail);
    EXPECT_EQ(read().policy(Stage::dsn), Policy::accept);
}

TEST_F(ReadSubscriptions, WhatMakesNoSenseCountsAsFailed)
{
    scanner("a", {});   // nothing is known: at data
    scanner("b", {{"stages", "mail nonsense"}, {"on-failure", "perhaps"}});
    const auto all = read();
    EXPECT_TRUE(all.wants(Stage::data) && all.wants(Stage::mail));
    EXPECT_EQ(all.policy(Stage::data), Policy::tempfail);
    EXPECT_EQ(all.policy(Stage::mail), Policy::tempfail);
}

TEST_F(ReadSubscriptions, AFileInPlaceOfTheDirectoryCountsAsAScannerThatFailed)
{
    test::spill(control / "hooks", "what?");
    EXPECT_TRUE(read().wants(Stage::data));
    EXPECT_EQ(read().policy(Stage::data), Policy::tempfail);
}

TEST_F(ReadSubscriptions, TimesAddUpToWhatAChainMayHave)
{
    scanner("a", {{"stages", "rcpt data"}, {"timeout", "7"}, {"timeout-data", "20"}});
    EXPECT_EQ(limit(Stage::rcpt), 12s);
    EXPECT_EQ(limit(Stage::data), 25s);
    scanner("b", {{"stages", "rcpt data"}});
    EXPECT_EQ(limit(Stage::rcpt), 65s);
    EXPECT_EQ(limit(Stage::data), 85s);
    for (const char* name : {"c", "d", "e", "f"}) scanner(name, {{"stages", "data"}});
    EXPECT_EQ(limit(Stage::data), 245s);
    EXPECT_EQ(limit(Stage::mail), 0s);
}

TEST_F(ReadSubscriptions, AServerCanWatchWhatItRead)
{
    scanner("a", {{"stages", "rcpt"}});
    const auto files = subscription_files(control.path());
    for (const char* file : {"hooks", "hooks/a", "hooks/a/stages", "hooks/a/timeout-rcpt"})
        EXPECT_NE(std::find(files.begin(), files.end(), file), files.end()) << file;
}

TEST_F(ReadSubscriptions, HiddenDirectoriesAndFilesAreNoScanners)
{
    scanner(".old", {{"stages", "rcpt"}});
    test::spill(control / "hooks/README", "how it is done here\n");
    EXPECT_TRUE(read().stages.empty());
}

}
