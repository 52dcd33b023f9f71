// The built qmail-send where many wait for few slots: whom does it start (reliability 6).
#include "send/sending.hpp"

#include "base/sys/file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <ctime>
#include <map>
#include <set>

namespace grapnel::test {
namespace {

constexpr auto remote = Channel::remote;
constexpr auto no_connection = "Sorry, I wasn't able to establish an SMTP connection. (#4.4.1)\n";

struct FairSend : testing::Test {
    TempHome home;
    const std::time_t now = std::time(nullptr);
    FairSend() { home.control("locals", "here.example"); }

    void lay_due(std::string sender, std::string remote_file)
    {
        lay_sorted(home, zeros('F' + sender + '|'), "", zeros(remote_file), now, now - 10);
    }
};

std::string domain_of(const queue::Job& job)
{
    return job.recipient.substr(job.recipient.find('@') + 1);
}

// Nothing of the flood ever ends.
TEST_F(FairSend, AFloodToASlowDestinationDelaysNobody)
{
    constexpr int flood = 2000;
    Sending send(home);
    for (int i = 0; i < flood; ++i)
        lay_todo(
            home,
            queue::encode(queue::Todo{1001, 4711, "flood@a.example", {"x@slow.example"}, {}, 0}),
            "Subject: x\n\nbody\n", i % 100 == 99);
    for (int i = 0; i < 18; ++i) ASSERT_EQ(domain_of(*send.next_job(remote)), "slow.example");
    for (int i = 0; i < 20; ++i) {
        lay_message(home, "single@b.example", {"y@far.example"});
        const auto job = send.next_job(remote);
        ASSERT_TRUE(job) << i;
        EXPECT_EQ(job->sender, "single@b.example");
        send.report(remote, job->number, 'K', "ok");
    }
    send.process().kill(SIGKILL);
}

// The same after a restart: all is on file, the flood first.
TEST_F(FairSend, AFloodInTheQueueDelaysNobody)
{
    for (int i = 0; i < 2000; ++i) lay_due("flood@a.example", "Tx@slow.example|");
    lay_sorted(home, zeros("Fsingle@b.example|"), "", zeros("Ty@far.example|"), now, now);
    Sending send(home);
    std::map<std::string, int> started;
    for (int i = 0; i < 19; ++i) {
        const auto job = send.next_job(remote);
        ASSERT_TRUE(job) << i;
        ++started[domain_of(*job)];
    }
    EXPECT_EQ(started["far.example"], 1);
    EXPECT_FALSE(send.next_job(remote, milliseconds(0)));
}

TEST_F(FairSend, ADeadDestinationCostsOneSlotUntilItAnswers)
{
    std::string dead;
    for (int i = 0; i < 40; ++i) dead += "Tx@dead.example|";
    lay_due("a@a.example", dead + "Ty@far.example|");
    Sending send(home);
    std::set<unsigned> running;
    for (int i = 0; i < 11; ++i) {   // half of the slots, and who stands behind them
        const auto job = send.next_job(remote);
        ASSERT_TRUE(job) << i;
        if (domain_of(*job) == "dead.example")
            running.insert(job->number);
        else
            send.report(remote, job->number, 'K', "ok");
    }
    ASSERT_EQ(running.size(), 10u);
    std::size_t seen = 10;
    while (!running.empty()) {
        send.report(remote, *running.begin(), 'Z', no_connection);
        running.erase(running.begin());
        while (const auto job = send.next_job(remote, milliseconds(running.empty() ? 2000 : 20))) {
            running.insert(job->number);
            ++seen;
        }
        if (seen > 35) break;
        if (running.size() == 1) break;
    }
    ASSERT_EQ(running.size(), 1u);
    send.report(remote, *running.begin(), 'K', "ok");
    for (int i = 0; i < 2; ++i) EXPECT_TRUE(send.next_job(remote));
}

TEST_F(FairSend, WhoStandsBehindAFullShareIsReached)
{
    std::string file;
    for (int i = 0; i < 60; ++i) file += "Tx" + std::to_string(i) + "@slow.example|";
    lay_due("a@a.example", file + "Ty@far.example|");
    lay_due("b@a.example", "Tz@else.example|");
    Sending send(home);
    std::map<std::string, int> started;
    for (int i = 0; i < 18; ++i) {
        const auto job = send.next_job(remote);
        if (!job) break;
        ++started[domain_of(*job)];
    }
    EXPECT_EQ(started["far.example"], 1);
    EXPECT_EQ(started["else.example"], 1);
}

TEST_F(FairSend, EveryRecipientOfManyMessagesIsTriedOnceAndAllIsRemoved)
{
    std::multiset<std::string> wanted, seen;
    for (int i = 0; i < 30; ++i) {
        std::string file;
        for (int r = 0; r < 1 + i * 7 % 40; ++r) {
            const auto address = std::to_string(i) + '.' + std::to_string(r) + "@d" +
                                 std::to_string((i + r) % 3) + ".example";
            file += 'T' + address + '|';
            wanted.insert(address);
        }
        lay_due("s" + std::to_string(i % 4) + "@a.example", file);
    }
    Sending send(home, {.remote_limit = 6});
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        const auto job = send.next_job(remote);
        ASSERT_TRUE(job) << i;
        seen.insert(job->recipient);
        send.report(remote, job->number, 'K', "ok");
    }
    EXPECT_EQ(seen, wanted);
    EXPECT_TRUE(wait_until([&] { return home.queue_files().empty(); }));
    EXPECT_EQ(send.stop()->code, 0);
}

}
}
