// Questions to scanners are bounded in number and time, and notices do not wait for ever.
#include "send/hook_calls.hpp"
#include "send/notice_review.hpp"

#include "base/sys/file.hpp"
#include "send/sending.hpp"
#include "support/scripted_hooks.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace grapnel::send {
namespace {

using hooks::Stage;

struct ManualClock final : Clock {
    std::time_t wall = 1'800'000'000;
    std::chrono::steady_clock::time_point moment{std::chrono::hours(1)};
    std::time_t now() const override { return wall; }
    std::chrono::steady_clock::time_point steady() const override { return moment; }
    void pass(std::chrono::seconds time)
    {
        wall += time.count();
        moment += time;
    }
};

hooks::Facts facts()
{
    hooks::Facts some;
    some.stage = Stage::delivery;
    some.action = hooks::Action::proceed;
    return some;
}

struct HookCallsTest : testing::Test {
    test::TempHome home;
    ManualClock clock;
    Agenda agenda{clock};
    test::ScriptedHooks scanners;
    std::shared_ptr<hooks::Subscriptions> subscriptions = std::make_shared<hooks::Subscriptions>();
    Log log{-1};
    net::Loop loop;
    HookCalls calls{loop.executor(), scanners, [this] { return subscriptions; },
                    agenda,          log,      [this] { ++changes; }};
    int changes = 0, answered = 0, unanswered = 0;

    HookCallsTest()
    {
        change_directory(home / "queue");
        subscriptions->stages.add(Stage::dsn);
    }
    ~HookCallsTest() override { change_directory("/"); }

    void ask()
    {
        calls.ask(facts(), {}, [this](std::optional<hooks::Decision> decision) {
            ++(decision ? answered : unanswered);
        });
    }
    // What is ready now, and what follows from it.
    void turn()
    {
        for (int i = 0; i < 8; ++i) {
            net::soon(loop.executor(), [this] { loop.stop(); });
            loop.run();
        }
        calls.hand_out();
    }
};

TEST_F(HookCallsTest, AreOnWhereAnOutboundStageIsWanted)
{
    EXPECT_TRUE(calls.is_on());
    subscriptions = std::make_shared<hooks::Subscriptions>();
    subscriptions->stages.add(Stage::data);
    EXPECT_FALSE(calls.is_on());
}

TEST_F(HookCallsTest, SomeRunSomeWaitAndTheRestGoesOnWithoutAnAnswer)
{
    scanners.held = {Stage::delivery};
    for (int i = 0; i < 64 + 256 + 5; ++i) ask();
    turn();
    EXPECT_EQ(scanners.asked.size(), 64u);
    EXPECT_EQ(unanswered, 5);
    EXPECT_FALSE(calls.is_idle());
    scanners.release();
    turn();
    turn();
    EXPECT_EQ(answered, 128);
    while (!calls.is_idle()) turn();
    EXPECT_EQ(answered, 64 + 256);
    EXPECT_EQ(unanswered, 5);
}

TEST_F(HookCallsTest, WhoWaitsTooLongHasNoAnswer)
{
    scanners.held = {Stage::delivery};
    for (int i = 0; i < 64 + 3; ++i) ask();
    turn();
    clock.pass(std::chrono::seconds(11));
    scanners.release();
    turn();
    turn();
    EXPECT_EQ(answered, 64);
    EXPECT_EQ(unanswered, 3);
}

TEST_F(HookCallsTest, TheEndComesInTenSeconds)
{
    scanners.held = {Stage::delivery};
    for (int i = 0; i < 64 + 3; ++i) ask();
    turn();
    calls.end();
    turn();
    EXPECT_EQ(unanswered, 3) << "they had not begun";
    EXPECT_EQ(calls.next_due(), agenda.now() + 10'000);
    clock.pass(std::chrono::seconds(10));
    turn();
    EXPECT_EQ(unanswered, 67);
    EXPECT_TRUE(calls.is_idle());
    ask();
    turn();
    EXPECT_EQ(unanswered, 68) << "nobody is asked any more";
    scanners.release();
    turn();
    EXPECT_EQ(answered, 0) << "an answer that comes late is not taken";
}

struct NoticeReviews : HookCallsTest {
    using Answer = NoticeReview::Answer;
    queue::Spool spool{test::TempHome::default_split};
    Config config;
    NoticeReview review{loop.executor(), calls, spool, agenda, config, log};
    MessageInfo info;
    Notice notice{"", "s@a.example", "Subject: failure notice\n\n", "--- Below\n"};
    std::optional<NoticeReview::Result> result;

    NoticeReviews()
    {
        info.sender = "s@a.example";
        test::spill(queue::Spool::bounce(7), "<b@far.example>:\nno\n\n<torn", 0600);
        test::spill(spool.mess(7), "Subject: x\n\nbody\n");
    }
    void ask_about_it()
    {
        result.reset();
        review.begin(7, info, notice,
                     [this](NoticeReview::Result found) { result = std::move(found); });
        for (int i = 0; i < 10 && !result; ++i) turn();
        ASSERT_TRUE(result);
    }
    void fail()
    {
        scanners.answers[Stage::dsn] = [](const auto&, const auto&) {
            hooks::Decision decision;
            decision.action = hooks::Action::proceed;
            decision.ask_again = true;
            return decision;
        };
    }
};

TEST_F(NoticeReviews, ShowTheNoticeAsItWouldGo)
{
    EXPECT_TRUE(review.wants(notice));
    EXPECT_FALSE(review.wants({"#@[]", "postmaster@here.example", "", ""}));
    ask_about_it();
    EXPECT_EQ(result->answer, Answer::send);
    EXPECT_FALSE(result->changed);
    ASSERT_EQ(scanners.asked.size(), 1u);
    EXPECT_EQ(scanners.asked[0].message,
              "Subject: failure notice\n\n<b@far.example>:\nno\n\n--- Below\nSubject: x\n\nbody\n");
    EXPECT_EQ(scanners.asked[0].facts.envelope->to[0].address, "b@far.example");
    EXPECT_TRUE(review.is_idle());
}

TEST_F(NoticeReviews, AskAgainEveryFiveMinutesForAnHour)
{
    fail();
    for (int i = 0; i < 12; ++i) {
        ask_about_it();
        EXPECT_EQ(result->answer, Answer::wait);
        EXPECT_EQ(result->again, agenda.now() + 300'000);
        clock.pass(std::chrono::minutes(5));
    }
    ask_about_it();
    EXPECT_EQ(result->answer, Answer::send) << "unchanged, after an hour";
    EXPECT_FALSE(result->changed);
    EXPECT_EQ(scanners.asked.size(), 13u);
    review.forget(7);
    ask_about_it();
    EXPECT_EQ(result->answer, Answer::wait) << "another message with that number";
}

TEST_F(NoticeReviews, NeitherSuppressNorSendWhatNobodyAnswered)
{
    calls.end();
    clock.pass(std::chrono::seconds(10));
    ask_about_it();
    EXPECT_EQ(result->answer, Answer::wait);
    EXPECT_TRUE(scanners.asked.empty());
}

TEST_F(NoticeReviews, WaitForWhatCannotBeRead)
{
    remove_file(spool.mess(7));
    ask_about_it();
    EXPECT_EQ(result->answer, Answer::wait);
    EXPECT_TRUE(review.is_idle());
}

TEST_F(NoticeReviews, CancelSuppresses)
{
    scanners.decide(Stage::dsn, hooks::Action::cancel);
    ask_about_it();
    EXPECT_EQ(result->answer, Answer::suppress);
}

}
}
