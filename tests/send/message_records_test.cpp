// info/S/N written anew: whole, with its old time, and never for a message that has left.
#include "send/message_records.hpp"

#include "base/sys/file.hpp"
#include "send/queue_view.hpp"
#include "send/sending.hpp"

#include <gtest/gtest.h>

#include <filesystem>

namespace grapnel::send {
namespace {

using test::zeros;

struct Records : testing::Test {
    test::TempHome home;
    queue::Spool spool{test::TempHome::default_split};
    Log log{-1};
    std::optional<Flusher> flusher;
    std::optional<Marks> marks;
    std::optional<MessageRecords> records;
    const std::string info = "info/1/7";   // 7 modulo 3

    Records()
    {
        change_directory(home / "queue");
        flusher.emplace();
        marks.emplace(spool, *flusher);
        records.emplace(spool, *flusher, *marks, log);
        test::spill(info, zeros("Fs@a.example|id=abc|"), 0600);
        set_times(info, 4711);
    }
    ~Records() override { change_directory("/"); }

    bool put_off(std::string_view until)
    {
        return records->change(7, 10'000, [&](queue::Info& one) {
            one.recipients[{queue::Channel::local, 2}].set("next", until);
        });
    }
};

TEST_F(Records, AreWrittenWithTheNextFlush)
{
    EXPECT_FALSE(records->flush_due());
    EXPECT_TRUE(put_off("5000"));
    EXPECT_TRUE(put_off("6000"));
    EXPECT_EQ(records->flush_due(), 10'100);
    EXPECT_EQ(test::slurp(info), zeros("Fs@a.example|id=abc|"));
    EXPECT_EQ(*records->read(7)->recipients.begin()->second.find("next"), "6000");
    records->flush(10'100);
    EXPECT_EQ(test::slurp(info), zeros("Fs@a.example|id=abc|l2:next=6000|"));
    EXPECT_EQ(status_if_there(info)->st_mtime, 4711) << "the birth of the message";
    EXPECT_EQ(status_if_there(info)->st_mode & 0777, 0600u);
    EXPECT_FALSE(status_if_there(info + ".new"));
    EXPECT_FALSE(records->flush_due());
    EXPECT_TRUE(marks->flush_due()) << "the new name is not durable yet";
    EXPECT_EQ(records->read(7)->birth, 4711);
}

TEST_F(Records, OfAMessageThatIsGoneDoNotComeBack)
{
    put_off("5000");
    records->forget(7);
    remove_file(info);
    records->flush(10'100);
    EXPECT_FALSE(status_if_there(info) || status_if_there(info + ".new"));
    EXPECT_FALSE(put_off("5000")) << "it cannot be read";

    test::spill(info, zeros("Fs@a.example|"), 0600);
    put_off("5000");
    remove_file(info);
    records->flush(10'100);
    EXPECT_FALSE(status_if_there(info) || status_if_there(info + ".new"));
    EXPECT_FALSE(records->flush_due());
}

TEST_F(Records, ThatCannotBeWrittenAreKeptAndTriedAgain)
{
    put_off("5000");
    make_directory(info + ".new", 0700);
    records->flush(10'100);
    EXPECT_EQ(records->flush_due(), 20'100);
    EXPECT_EQ(*records->read(7)->recipients.begin()->second.find("next"), "5000");
    std::filesystem::remove(info + ".new");
    records->flush(20'100);
    EXPECT_EQ(test::slurp(info), zeros("Fs@a.example|id=abc|l2:next=5000|"));
}

TEST_F(Records, HalfWrittenByACrashAreRemovedAtTheStart)
{
    test::spill(info + ".new", "Fs@", 0600);
    const SystemClock clock;
    Agenda agenda(clock);
    enlist_all(spool, agenda, log);
    EXPECT_FALSE(status_if_there(info + ".new"));
    EXPECT_EQ(agenda.done.size(), 1u);
}

}
}
