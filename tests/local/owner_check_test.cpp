// RFC 7293 at final delivery: qmail-local, by control/ownersince.
#include "local/lab.hpp"

#include "base/sys/file.hpp"

#include <gmock/gmock.h>

#include <filesystem>

namespace grapnel::test {

namespace {

using testing::HasSubstr;
using testing::Not;

// joe@here.example since 2014-04-04.
struct OwnerCheck : ::testing::Test {
    LocalLab lab;

    OwnerCheck()
    {
        lab.make_maildir("Maildir");
        lab.dot_qmail("./Maildir/\n");
        lab.qmail.control("ownersince", "joe@here.example:2014-04-04\n@sold.example:unknown\n");
    }

    static std::string message(const std::string& fields)
    {
        return "Received: by a\n" + fields + "Subject: tides\n\nHigh water at noon.\n";
    }
    static std::string field(const std::string& address, const std::string& date)
    {
        return "Require-Recipient-Valid-Since: " + address + "; " + date + " +0000\n";
    }
    // For local@domain, with these records.
    Finished deliver(const std::string& text, const std::string& records = {},
                     const std::string& local = "joe",
                     const std::string& domain = "here.example") const
    {
        const TempDirectory file;
        spill(file / "message", text);
        const Fd message = open_read(file / "message");
        Launch launch = lab.launch();
        launch.argv[4] = local;
        launch.argv[7] = domain;
        if (!records.empty()) launch.environment.push_back("QMAILRECORDS=" + records);
        launch.descriptors = {{0, message.get()}};
        return run(std::move(launch));
    }
    std::string delivered() const
    {
        const auto names = lab.delivered("Maildir");
        return names.size() == 1 ? slurp(lab / ("Maildir/new/" + names.front())) : "";
    }
};

constexpr const char *before = "3 Apr 2014 12:00:00", *after = "Sat, 5 Apr 2014 12:00:00";

}

TEST_F(OwnerCheck, WhoKnewTheOneBeforeIsToldSo)
{
    const auto done = deliver(message(""), "notify=NEVER rrvs=2014-04-03T23:59:59Z");
    EXPECT_EQ(done.ending.code, 100);
    EXPECT_THAT(done.output + done.errors, HasSubstr("changed its owner since. (#5.7.17)"));
    EXPECT_EQ(deliver(message(field("JOE@here.example", before))).ending.code, 100);
    EXPECT_EQ(deliver(message(field("joe@here.example", after) + field("joe@here.example", before)))
                  .ending.code,
              100);
    EXPECT_TRUE(lab.delivered("Maildir").empty());
}

TEST_F(OwnerCheck, WhoKnowsThisOneReachesHimAndTheFieldsAreGone)
{
    const auto done = deliver(message(field("joe@here.example", after) +
                                      "Require-Recipient-Valid-Since:\n folded@x.example; what\n"));
    EXPECT_EQ(done.ending.code, 0) << done.errors;
    EXPECT_EQ(delivered(), std::string(trace) + message(""));
}

TEST_F(OwnerCheck, WhatWasSaidInTheEnvelopeCountsAndTheHeaderDoesNot)
{
    EXPECT_EQ(deliver(message(field("joe@here.example", before)), "rrvs=2014-04-04T00:00:00Z")
                  .ending.code,
              0);
    EXPECT_EQ(
        deliver(message(field("joe@here.example", after)), "rrvs=2014-04-03T00:00:00Z").ending.code,
        100);
}

TEST_F(OwnerCheck, OthersFieldsAndWrongOnesMeanNothing)
{
    EXPECT_EQ(deliver(message(field("ann@here.example", before) + field("joe", before) +
                              "Require-Recipient-Valid-Since: joe@here.example; yesterday\n"
                              "X-Require-Recipient-Valid-Since: joe@here.example\n"))
                  .ending.code,
              0);
    EXPECT_EQ(delivered(),
              std::string(trace) + message("X-Require-Recipient-Valid-Since: joe@here.example\n"));
}

TEST_F(OwnerCheck, TheBodyMaySayWhatItLikes)
{
    const auto text = message("") + field("joe@here.example", before);
    EXPECT_EQ(deliver(text).ending.code, 0);
    EXPECT_EQ(delivered(), std::string(trace) + text);
}

TEST_F(OwnerCheck, WithoutAListTheHeaderIsLeftAloneAndTheEnvelopeCannotBeAnswered)
{
    std::filesystem::remove(lab.qmail.path() + "/control/ownersince");
    const auto text = message(field("joe@here.example", before));
    EXPECT_EQ(deliver(text).ending.code, 0);
    EXPECT_EQ(delivered(), std::string(trace) + text);
    const auto done = deliver(message(""), "rrvs=2014-04-03T00:00:00Z");
    EXPECT_EQ(done.ending.code, 100);
    EXPECT_THAT(done.output + done.errors, HasSubstr("is not known. (#5.7.19)"));
    EXPECT_EQ(deliver(message(""), "rrvs=2014-04-03T00:00:00Z", "abuse").ending.code, 0);
}

TEST_F(OwnerCheck, AVirtualUserIsAskedForAsHisSendersWriteHim)
{
    lab.qmail.control("virtualdomains", "v.example:joe-v\nann@w.example:joe\n.x.example:joe");
    lab.qmail.control("ownersince", "ann@v.example:2014-04-04\nann@w.example:2014-04-04\n"
                                    "ann@a.x.example:2014-04-04");
    const std::string early = "rrvs=2014-04-03T00:00:00Z";
    EXPECT_EQ(deliver(message(""), early, "joe-v-ann", "v.example").ending.code, 100);
    EXPECT_EQ(deliver(message(""), early, "joe-ann", "w.example").ending.code, 100);
    EXPECT_EQ(deliver(message(""), early, "joe-ann", "a.x.example").ending.code, 100);
    EXPECT_EQ(deliver(message(""), early, "joe-v-bob", "v.example").ending.code, 0);
    EXPECT_EQ(
        deliver(message(field("ann@v.example", before)), "", "joe-v-ann", "v.example").ending.code,
        100);
}

TEST_F(OwnerCheck, AnUnreadableListDefers)
{
    std::filesystem::remove(lab.qmail.path() + "/control/ownersince");
    make_directory(lab.qmail.path() + "/control/ownersince", 0755);
    EXPECT_EQ(deliver(message(""), "rrvs=2014-04-03T00:00:00Z").ending.code, 111);
    EXPECT_EQ(deliver(message(field("joe@here.example", before))).ending.code, 111);
}

TEST_F(OwnerCheck, AHeaderWithoutAnEndIsLookedThroughAsFarAsItGoes)
{
    EXPECT_EQ(deliver("A: b\n" + field("joe@here.example", before)).ending.code, 100);
    EXPECT_EQ(deliver("A: b\n" + field("joe@here.example", after)).ending.code, 0);
    EXPECT_EQ(delivered(), std::string(trace) + "A: b\n");
}

TEST_F(OwnerCheck, AProgramReadsTheMessageWithoutThem)
{
    lab.dot_qmail("|cat > got\n");
    ASSERT_EQ(deliver(message(field("joe@here.example", after))).ending.code, 0);
    EXPECT_EQ(slurp(lab / "got"), message(""));
}

}
