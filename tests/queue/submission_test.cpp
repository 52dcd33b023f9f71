#include "queue/submission.hpp"

#include "base/sys/signal.hpp"
#include "queue/submit.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <memory>

using namespace grapnel;
using namespace grapnel::queue;
using namespace grapnel::test;
using namespace std::string_literals;

namespace {

// One home for all: a process learns once where its home is.
class SubmissionTest : public ::testing::Test {
protected:
    static void SetUpTestSuite()
    {
        home_ = std::make_unique<TempHome>();
        ::setenv("QMAILHOME", home_->path().c_str(), 1);
        ignore_signal(SIGPIPE);
    }
    static void TearDownTestSuite()
    {
        ::unsetenv("QMAILHOME");
        home_.reset();
    }
    void TearDown() override
    {
        for (const auto& name : home_->queue_files())
            std::filesystem::remove(*home_ / ("queue/" + name));
    }

    Environment with_program(const std::string& script)
    {
        home_->write("program", "#!/bin/sh\n" + script, 0755);
        auto environment = Environment::of_process();
        environment.set("QMAILQUEUE", *home_ / "program");
        return environment;
    }
    Result<> submit(const Environment& environment)
    {
        Submission submission(environment);
        submission.write("Subject: x\n\nhi\n");
        return submission.finish({"a@b", {"c@d"}});
    }

    static std::unique_ptr<TempHome> home_;
};
std::unique_ptr<TempHome> SubmissionTest::home_;

}

TEST_F(SubmissionTest, QueuesAMessageWithItsExtensions)
{
    Submission submission(Environment::of_process());
    submission.write("Subject: x\n\n");
    submission.write("hi\n");
    Envelope envelope{"a@b", {"c@d"}};
    envelope.extensions.message.set("received", "1");
    envelope.extensions.recipients[0].set("notify", "NEVER");
    EXPECT_TRUE(submission.finish(envelope));
    EXPECT_EQ(queue_file(*home_, "mess"), "Subject: x\n\nhi\n");
    const auto pid = 'p' + std::to_string(submission.pid());
    EXPECT_TRUE(queue_file(*home_, "todo")
                    .ends_with(pid + " received=1\0Fa@b\0Tc@d\0"s + pid + " notify=NEVER\0"s));
}

TEST_F(SubmissionTest, DroppedItQueuesNothing)
{
    {
        Submission submission(Environment::of_process());
        submission.write(std::string(100000, 'x'));
    }
    EXPECT_EQ(home_->queue_files(), std::vector<std::string>{});
}

TEST_F(SubmissionTest, TellsWhatQmailQueueSaid)
{
    std::filesystem::rename(*home_ / "queue/intd", *home_ / "away");
    const auto result = submit(Environment::of_process());
    std::filesystem::rename(*home_ / "away", *home_ / "queue/intd");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().retry, Retry::later);
    EXPECT_EQ(result.error().text,
              "unable to make a file in the queue: file does not exist (#4.3.0)");
}

TEST_F(SubmissionTest, RunsAnotherProgramAndHearsItOn4Or6)
{
    for (const auto* descriptor : {"4", "6"}) {
        const auto refused =
            submit(with_program("echo 'Dno such mail' >&"s + descriptor + "; exit 82\n"));
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().retry, Retry::never);
        EXPECT_EQ(refused.error().text, "no such mail");
    }
    EXPECT_EQ(submit(with_program("exit 31\n")).error().text,
              "mail server permanently rejected message (#5.3.0)");
    EXPECT_EQ(submit(with_program("kill -9 $$\n")).error().text, "qq crashed (#4.3.0)");
    auto nothing = Environment::of_process();
    nothing.set("QMAILQUEUE", "");
    EXPECT_EQ(submit(nothing).error().text, "unable to exec qq (#4.3.0)");
}

TEST_F(SubmissionTest, AProgramThatTalksWithoutEndIsNotWaitedFor)
{
    const auto refused = submit(with_program("yes Dno >&4; exit 82\n"));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().retry, Retry::never);
}

TEST_F(SubmissionTest, GivesClassicProgramsEveryByteOfALongEnvelope)
{
    const auto environment =
        with_program("cat >" + (*home_ / "message") + "; cat <&1 >" + (*home_ / "envelope"));
    Envelope envelope{"a@b", {}};
    for (int i = 0; i < 20000; ++i)
        envelope.recipients.push_back("recipient" + std::to_string(i) + "@c");
    for (std::size_t i = 0; i < 20000; i += 2)
        envelope.extensions.recipients[i].set("notify", "NEVER");
    const std::string message(300000, 'm');
    Submission submission(environment);
    submission.write(message);
    EXPECT_TRUE(submission.finish(envelope));
    EXPECT_TRUE(home_->read("message") == message);
    EXPECT_TRUE(home_->read("envelope") == encode(envelope));
}

// A classic queue program leaves without reading what is behind the envelope.
TEST_F(SubmissionTest, WhoLeavesEarlyAndSays0HasQueuedIt)
{
    Envelope envelope{"a@b", {"c@d"}};
    for (int i = 0; i < 16; ++i)
        envelope.extensions.message.set("n" + std::to_string(i), std::string(900, 'x'));
    Submission submission(with_program("cat >/dev/null; head -c 11 <&1 >/dev/null; exit 0\n"));
    submission.write("x\n");
    EXPECT_TRUE(submission.finish(envelope));
}
