#include "queue/submission.hpp"

#include "base/sys/signal.hpp"
#include "queue/queued_socket.hpp"
#include "queue/submit.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

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

    // Until it goes, qmail-queued serves this home.
    std::unique_ptr<Process> queued()
    {
        auto process = std::make_unique<Process>(
            Launch{.argv = {home_->program("qmail-queued")}, .environment = home_->environment()});
        EXPECT_TRUE(wait_until(
            [&] { return connect_to_queued(home_->path()).has_value() || !process->running(); }));
        EXPECT_TRUE(process->running()) << process->errors();
        return process;
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

TEST_F(SubmissionTest, QmailQueuedIsGivenTheMessageWithoutQmailQueue)
{
    const auto serving = queued();
    for (const std::size_t size : {10u, 300000u}) {
        Submission submission(Environment::of_process());
        EXPECT_EQ(submission.pid(), ::getpid());
        const std::string text = "Subject: x\n\n" + std::string(size, 'x') + '\n';
        for (std::size_t at = 0; at < text.size(); at += 1000)
            submission.write(std::string_view(text).substr(at, 1000));
        Envelope envelope{"a@b", {"c@d"}};
        envelope.extensions.message.set("ret", "HDRS");
        EXPECT_TRUE(submission.finish(envelope));
        const auto pid = std::to_string(::getpid()), uid = std::to_string(::getuid());
        EXPECT_EQ(queue_file(*home_, "todo"),
                  "u" + uid + "\0p"s + pid + "\0p"s + pid + " ret=HDRS\0Fa@b\0Tc@d\0"s);
        const auto stored = queue_file(*home_, "mess");
        EXPECT_TRUE(
            stored.starts_with("Received: (qmail " + pid + " invoked by uid " + uid + "); "));
        EXPECT_EQ(stored.substr(stored.find('\n') + 1), text);
        TearDown();
    }
}

TEST_F(SubmissionTest, QmailQueuedRefusesInTheWordsOfQmailQueue)
{
    const auto refusal = [] {
        Submission submission(Environment::of_process());
        const auto result = submission.finish({"a@b", {std::string(1010, 'x') + "@d"}});
        return result ? "" : result.error().text;
    };
    const auto plain = refusal();
    EXPECT_NE(plain, "");
    const auto serving = queued();
    EXPECT_EQ(refusal(), plain);
    EXPECT_EQ(home_->queue_files(), std::vector<std::string>{});
}

TEST_F(SubmissionTest, DroppedItLeavesNothingWithQmailQueuedEither)
{
    const auto serving = queued();
    {
        Submission submission(Environment::of_process());
        submission.write(std::string(300000, 'x'));
        EXPECT_TRUE(wait_until([&] { return home_->queue_files().size() == 1; }));
    }
    EXPECT_TRUE(wait_until([&] { return home_->queue_files().empty(); }));
}

TEST_F(SubmissionTest, WhereQmailQueuedDiesTheMessageStaysWithItsSender)
{
    const auto serving = queued();
    Submission submission(Environment::of_process());
    submission.write("Subject: x\n\n");
    serving->kill(SIGKILL);
    ASSERT_TRUE(serving->wait());
    const auto result = submission.finish({"a@b", {"c@d"}});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().retry, Retry::later);
    EXPECT_TRUE(submit(Environment::of_process())) << "the next one starts qmail-queue";
}

TEST_F(SubmissionTest, WhatQmailqueueNamesIsRunBesideQmailQueuedToo)
{
    const auto serving = queued();
    const auto result = submit(with_program("exit 31\n"));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().text, "mail server permanently rejected message (#5.3.0)");
}
