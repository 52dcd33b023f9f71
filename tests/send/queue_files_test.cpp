// The files of the queue as qmail-send reads and writes them, without a program around it.
#include "send/recipients.hpp"
#include "send/sorted_files.hpp"
#include "send/todo_reader.hpp"

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
    Recipients file("remote/1/7");
    for (int i = 0; i < 5000; ++i) {
        ASSERT_EQ(file.next(), Recipients::State::record) << i;
        EXPECT_EQ(file.current().address, "user" + std::to_string(i) + "@x.example");
        EXPECT_EQ(file.current().done, i % 3 == 0);
        EXPECT_EQ(bytes[file.current().offset], i % 3 == 0 ? 'D' : 'T');
    }
    EXPECT_EQ(file.next(), Recipients::State::end);
    EXPECT_EQ(file.next(), Recipients::State::end);
}

TEST_F(QueueFiles, AnUnknownLetterStopsTheReading)
{
    test::spill("remote/1/7", zeros("Ta@b|Xc@d|Te@f|"));
    Recipients file("remote/1/7");
    EXPECT_EQ(file.next(), Recipients::State::record);
    EXPECT_EQ(file.next(), Recipients::State::unknown_record);
    EXPECT_EQ(file.next(), Recipients::State::unknown_record);
}

TEST_F(QueueFiles, RecipientsOutOfMemoryAreThoseOfTheFile)
{
    Recipients recipients({{false, "a@b", 0}, {true, "c@d", 5}});
    EXPECT_EQ(recipients.ahead().size(), 2u);
    ASSERT_EQ(recipients.next(), Recipients::State::record);
    EXPECT_EQ(recipients.current().address, "a@b");
    ASSERT_EQ(recipients.next(), Recipients::State::record);
    EXPECT_EQ(recipients.current().offset, 5u);
    EXPECT_EQ(recipients.ahead().size(), 0u);
    EXPECT_EQ(recipients.next(), Recipients::State::end);
}

struct Sorting : QueueFiles {
    RoutingTables tables;
    queue::Spool spool{test::TempHome::default_split};
    Log log{-1};
    TodoReader reader{spool, tables, log};
    SortedFiles files{spool, log};
    Sorting() { tables.locals = NameSet({"here.example"}); }
};

TEST_F(Sorting, ExtensionRecordsFollowTheirRecipient)
{
    const auto n = test::lay_todo(
        home,
        zeros("u1|p7|p7 id=abc x-new=1|Fs@a|Ta@far|Tb@here.example|p7 notify=DELAY orcpt=rfc822;b|"
              "Tc@far|p7 rrvs=2|"));
    const auto sorted = reader.read(n);
    ASSERT_TRUE(sorted);
    ASSERT_TRUE(files.write(n, *sorted, std::nullopt));
    EXPECT_EQ(test::slurp(spool.info(n)),
              zeros("Fs@a|id=abc|x-new=1|l0:notify=DELAY|l0:orcpt=rfc822;b|r1:rrvs=2|"));
    EXPECT_EQ(test::slurp(spool.local(n)), zeros("Tb@here.example|"));
    EXPECT_EQ(test::slurp(spool.remote(n)), zeros("Ta@far|Tc@far|"));
    Touched touched;
    files.touch(n, *sorted, touched);
    EXPECT_EQ(touched.directories.size(), 3u);
    EXPECT_EQ(touched.files.size(), 3u);
}

TEST_F(Sorting, OffsetsAreThoseInTheFile)
{
    const auto n = test::lay_message(home, "s@a", {"a@far", "b@here.example", "long@far", "c@far"});
    const auto sorted = reader.read(n);
    ASSERT_TRUE(sorted && files.write(n, *sorted, std::nullopt));
    const auto file = queue::decode_channel_file(test::slurp(spool.remote(n)));
    ASSERT_EQ(file.records.size(), sorted->remote.size());
    for (std::size_t i = 0; i < file.records.size(); ++i)
        EXPECT_EQ(file.records[i].offset, sorted->remote[i].offset);
}

TEST_F(Sorting, WhatIsDoneIsWrittenAsDoneAndTheBirthKept)
{
    const auto n = test::lay_message(home, "s@a", {"a@far", "b@far"});
    auto sorted = reader.read(n);
    ASSERT_TRUE(sorted);
    EXPECT_TRUE(files.are_untouched(n));
    sorted->remote[1].done = true;
    ASSERT_TRUE(files.write(n, *sorted, 1000000000));
    EXPECT_EQ(test::slurp(spool.remote(n)), zeros("Ta@far|Db@far|"));
    EXPECT_EQ(status_if_there(spool.info(n))->st_mtime, 1000000000);
    EXPECT_FALSE(files.are_untouched(n));
}

TEST_F(Sorting, FilesAreCompleteWhateverIsDone)
{
    const auto n = test::lay_message(home, "s@a", {"a@far", "b@far"});
    const auto sorted = reader.read(n);
    ASSERT_TRUE(sorted && files.write(n, *sorted, std::nullopt));
    test::spill(spool.remote(n), zeros("Da@far|Tb@far|"));
    EXPECT_TRUE(files.are_complete(n, *sorted));
}

TEST_F(Sorting, FilesCutShortAreNotComplete)
{
    const auto n = test::lay_message(home, "s@a", {"a@far", "b@here.example"});
    const auto sorted = reader.read(n);
    ASSERT_TRUE(sorted && files.write(n, *sorted, std::nullopt));
    for (const auto& path : {spool.remote(n), spool.local(n), spool.info(n)}) {
        const auto whole = test::slurp(path);
        for (std::size_t length = 0; length < whole.size(); ++length) {
            test::spill(path, whole.substr(0, length), 0600);
            EXPECT_FALSE(files.are_complete(n, *sorted)) << path << length;
            EXPECT_FALSE(files.are_untouched(n));
            ASSERT_TRUE(files.write(n, *sorted, std::nullopt));
            EXPECT_EQ(test::slurp(path), whole) << path << length;
        }
        remove_file(path);
        EXPECT_FALSE(files.are_complete(n, *sorted));
        ASSERT_TRUE(files.write(n, *sorted, std::nullopt));
        EXPECT_EQ(test::slurp(path), whole);
    }
}

TEST_F(Sorting, ALeftOverBounceTouchesAMessage)
{
    const auto n = test::lay_message(home, "s@a", {"a@far"});
    test::spill(queue::Spool::bounce(n), "<x@far>:\nno\n\n", 0600);
    EXPECT_FALSE(files.are_untouched(n));
}

TEST_F(Sorting, WhatCannotBeUnderstoodIsLeftAlone)
{
    for (const auto* todo : {"u1|p2|Fs@a|Ta@far|Xb|", "u1|p2|Ta@far|", ""}) {
        const auto n = test::lay_todo(home, zeros(todo));
        EXPECT_FALSE(reader.read(n));
        EXPECT_TRUE(status_if_there(queue::Spool::todo(n)));
    }
}

}
}
