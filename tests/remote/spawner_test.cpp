// qmail-rspawn as a spawner: how many deliveries at once, and what becomes of it when there is no
// room for more.
#include "base/sys/file.hpp"
#include "queue/delivery.hpp"
#include "support/process.hpp"
#include "support/temp_home.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <set>

using namespace grapnel::test;
using namespace grapnel::queue;
using namespace std::string_literals;

namespace {

// Stands in for qmail-remote; it waits until somebody opens the gate.
constexpr std::string_view waiting_remote =
    "#!/bin/sh\nread word <\"$GATE\"\nprintf 'Kdone\\n\\0'\n";

class Spawner : public testing::Test {
protected:
    Spawner() : gate_(home_ / "gate")
    {
        spill(home_ / "remote", waiting_remote, 0755);
        EXPECT_EQ(::mkfifo(gate_.c_str(), 0600), 0);
        spill(home_ / "message", "Subject: x\n\n");
        const auto number = std::to_string(grapnel::status_if_there(home_ / "message")->st_ino);
        message_ = "0/" + number;
        grapnel::rename_file(home_ / "message", home_ / ("queue/mess/" + message_));
        process_.emplace(Launch{.argv = {home_.program("qmail-rspawn")},
                                .environment = home_.environment(
                                    {"QMAILREMOTE=" + home_ / "remote", "GATE=" + gate_})});
        EXPECT_TRUE(process_->wait_for_output(std::string(1, '\x78')));
    }

    void ask(unsigned number)
    {
        Job job{number, message_, "s@x.example", "r@y.example", {}};
        if (asked_) job.records.emplace();
        process_->write(encode(job));
    }
    // Reports so far, behind the first byte.
    std::vector<Report> reports() const
    {
        std::vector<Report> result;
        ReportReader reader;
        std::string_view bytes = process_->output();
        bytes.remove_prefix(1);
        while (const auto report = reader.take(bytes)) result.push_back(*report);
        return result;
    }
    unsigned offered()
    {
        asked_ = true;
        process_->write(encode(question()));
        EXPECT_TRUE(process_->wait_for_output("limit="));
        EXPECT_TRUE(process_->wait_for_output("\0"s));
        const auto offer = decode_offer(reports().at(0));
        return offer ? offer->limit : 0;
    }
    void open_gate()
    {
        // For as long as somebody may come late.
        opened_ = grapnel::open_file(gate_, O_RDWR);
        grapnel::write_all(opened_.get(), std::string(1000, '\n'));
    }

    TempHome home_;
    std::string gate_, message_;
    std::optional<Process> process_;
    grapnel::Fd opened_;
    bool asked_ = false;
};

}

TEST_F(Spawner, TakesMoreThanAByteCountsOnceItWasAsked)
{
    EXPECT_GE(offered(), 300u);
    std::set<unsigned> wanted;
    for (unsigned slot = 0; slot < 300; ++slot) {
        ask(number_of_slot(slot));
        wanted.insert(number_of_slot(slot));
    }
    open_gate();
    ASSERT_EQ(process_->wait()->code, 0);
    std::set<unsigned> done;
    for (const auto& report : reports())
        if (report.number != question_number && report.letter == 'K') done.insert(report.number);
    EXPECT_EQ(done, wanted);
}

TEST_F(Spawner, UnaskedItIsOneOfQmails)
{
    ask(120);
    ask(300);
    ask(question_number);
    process_->wait();
    const auto refused = reports();
    ASSERT_EQ(refused.size(), 3u);
    for (const auto& report : refused)
        EXPECT_EQ(report.text, "Internal error: delnum too big. (#4.3.5)\n");
}

TEST_F(Spawner, ANumberInUseIsRefusedAndTheDeliveryGoesOn)
{
    offered();
    ask(300);
    ask(300);
    ASSERT_TRUE(process_->wait_for_output("in use"));
    open_gate();
    process_->wait();
    const auto all = reports();
    ASSERT_EQ(all.size(), 3u);
    EXPECT_EQ(all[1].letter, 'Z');
    EXPECT_EQ(all[2].number, 300u);
    EXPECT_EQ(all[2].letter, 'K');
}

TEST_F(Spawner, WithoutDescriptorsDeliveriesAreDeferredAndItGoesOn)
{
    rlimit few{16, 16};
    ASSERT_EQ(::prlimit(process_->pid(), RLIMIT_NOFILE, &few, nullptr), 0);
    for (unsigned number = 0; number < 40; ++number) ask(number);
    ASSERT_TRUE(process_->wait_for_output("unable to"));
    open_gate();
    ASSERT_EQ(process_->wait()->code, 0);
    unsigned done = 0, deferred = 0;
    for (const auto& report : reports()) (report.letter == 'K' ? done : deferred)++;
    EXPECT_EQ(done + deferred, 40u);
    EXPECT_GE(done, 5u);
    EXPECT_GE(deferred, 20u);
}
