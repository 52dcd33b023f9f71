// Reading the queue's files, and taking messages from todo, without a program around it.
#include "send/intake.hpp"
#include "send/recipient_file.hpp"

#include "base/sys/file.hpp"
#include "send/sending.hpp"

#include <gtest/gtest.h>

namespace grapnel::send {
namespace {

using test::zeros;

struct QueueFiles : testing::Test {
    test::TempHome home;
    QueueFiles() { change_directory(home / "queue"); }
    ~QueueFiles() override { change_directory("/"); }
};

TEST_F(QueueFiles, RecipientsAreReadPieceByPiece)
{
    std::string bytes;
    for (int i = 0; i < 5000; ++i)
        bytes +=
            queue::encode_channel_record("user" + std::to_string(i) + "@x.example", i % 3 == 0);
    test::spill("remote/1/7", bytes + "Tcut short");
    RecipientFile file("remote/1/7");
    for (int i = 0; i < 5000; ++i) {
        ASSERT_EQ(file.next(), RecipientFile::State::record) << i;
        EXPECT_EQ(file.current().address, "user" + std::to_string(i) + "@x.example");
        EXPECT_EQ(file.current().done, i % 3 == 0);
        EXPECT_EQ(bytes[file.current().offset], i % 3 == 0 ? 'D' : 'T');
    }
    EXPECT_EQ(file.next(), RecipientFile::State::end);
    EXPECT_EQ(file.next(), RecipientFile::State::end);
}

TEST_F(QueueFiles, AnUnknownLetterStopsTheReading)
{
    test::spill("remote/1/7", zeros("Ta@b|Xc@d|Te@f|"));
    RecipientFile file("remote/1/7");
    EXPECT_EQ(file.next(), RecipientFile::State::record);
    EXPECT_EQ(file.next(), RecipientFile::State::unknown_record);
    EXPECT_EQ(file.next(), RecipientFile::State::unknown_record);
}

struct Taking : QueueFiles {
    RoutingTables tables;
    queue::Spool spool{test::TempHome::default_split};
    Log log{-1};
    Touched touched;
    Taking() { tables.locals = NameSet({"here.example"}); }
};

TEST_F(Taking, ExtensionRecordsFollowTheirRecipient)
{
    const auto n = test::lay_todo(
        home,
        zeros("u1|p7|p7 id=abc x-new=1|Fs@a|Ta@far|Tb@here.example|p7 notify=DELAY orcpt=rfc822;b|"
              "Tc@far|p7 rrvs=2|"));
    Intake intake(spool, tables, log);
    const auto taken = intake.take(n, touched);
    ASSERT_TRUE(taken);
    EXPECT_TRUE(taken->has_local && taken->has_remote);
    EXPECT_EQ(test::slurp(spool.info(n)),
              zeros("Fs@a|id=abc|x-new=1|l0:notify=DELAY|l0:orcpt=rfc822;b|r1:rrvs=2|"));
    EXPECT_EQ(test::slurp(spool.local(n)), zeros("Tb@here.example|"));
    EXPECT_EQ(test::slurp(spool.remote(n)), zeros("Ta@far|Tc@far|"));
    EXPECT_EQ(touched.directories.size(), 3u);
    EXPECT_EQ(touched.files.size(), 3u);
}

TEST_F(Taking, ARemovalUndoneByAPowerCutKeepsTheMarks)
{
    const auto n = test::lay_message(home, "s@a", {"a@far", "b@far"});
    Intake intake(spool, tables, log);
    ASSERT_TRUE(intake.take(n, touched));
    test::spill(spool.remote(n), zeros("Da@far|Tb@far|"));
    touched = {};
    ASSERT_TRUE(intake.take(n, touched));
    EXPECT_EQ(test::slurp(spool.remote(n)), zeros("Da@far|Tb@far|"));
    EXPECT_TRUE(touched.files.contains(spool.info(n)))
        << "who wrote it may have been killed before the flush";
}

TEST_F(Taking, IncompleteFilesAreWrittenAnew)
{
    const auto n = test::lay_message(home, "s@a", {"a@far", "b@here.example"});
    Intake intake(spool, tables, log);
    ASSERT_TRUE(intake.take(n, touched));
    const auto remote = test::slurp(spool.remote(n)), local = test::slurp(spool.local(n)),
               info = test::slurp(spool.info(n));
    for (const auto& path : {spool.remote(n), spool.local(n), spool.info(n)}) {
        const auto whole = test::slurp(path);
        for (std::size_t length = 0; length < whole.size(); ++length) {
            test::spill(path, whole.substr(0, length), 0600);
            ASSERT_TRUE(intake.take(n, touched));
            EXPECT_EQ(test::slurp(path), whole) << path << length;
        }
        remove_file(path);
        ASSERT_TRUE(intake.take(n, touched));
        EXPECT_EQ(test::slurp(path), whole);
    }
}

TEST_F(Taking, WhatCannotBeUnderstoodIsLeftAlone)
{
    for (const auto* todo : {"u1|p2|Fs@a|Ta@far|Xb|", "u1|p2|Ta@far|", ""}) {
        const auto n = test::lay_todo(home, zeros(todo));
        Intake intake(spool, tables, log);
        EXPECT_FALSE(intake.take(n, touched));
        EXPECT_TRUE(status_if_there(queue::Spool::todo(n)));
        EXPECT_FALSE(status_if_there(spool.info(n)));
    }
    EXPECT_TRUE(touched.files.empty());
}

}
}
