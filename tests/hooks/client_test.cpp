#include "hooks/client.hpp"

#include "all_facts.hpp"
#include "base/net/loop.hpp"
#include "base/net/within.hpp"
#include "base/sys/memory_file.hpp"
#include "fake_hookd.hpp"
#include "hooks/blocking_client.hpp"
#include "support/temp_home.hpp"
#include "support/wait.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>

namespace grapnel::hooks {

using namespace std::chrono_literals;

namespace {

net::asio::awaitable<void> ask_into(Client& client, Facts facts, int message, AddPolicy may_add,
                                    Decision& decision)
{
    decision = co_await client.ask(std::move(facts), message, std::move(may_add));
}

net::asio::awaitable<void> ask_for_a_moment(Client& client, bool& timed_out)
{
    Decision decision;
    auto work = ask_into(client, all_facts(), -1, {}, decision);
    try {
        co_await net::within(20ms, std::move(work));
    } catch (const net::TimedOut&) {
        timed_out = true;
    }
}

class HookClient : public ::testing::Test {
protected:
    test::TempHome home;
    net::Loop loop;
    std::shared_ptr<Subscriptions> subscriptions = std::make_shared<Subscriptions>();
    std::vector<std::string> log;
    std::unique_ptr<Client> client = make_client(
        loop.executor(), home.path(), [this] { return subscriptions; },
        [this](const std::string& line) { log.push_back(line); });

    void SetUp() override
    {
        for (const Stage stage : all_stages) subscriptions->stages.add(stage);
        subscriptions->without.fill(Policy::tempfail);
        subscriptions->limits.fill(30s);
    }
    void run(net::asio::awaitable<void> work)
    {
        std::exception_ptr trouble;
        net::start(loop.executor(), std::move(work), [&](std::exception_ptr thrown) {
            trouble = thrown;
            loop.stop();
        });
        loop.run();
        loop.restart();
        if (trouble) std::rethrow_exception(trouble);
    }
    Decision ask(Facts facts, int message = -1, AddPolicy may_add = {})
    {
        Decision decision;
        run(ask_into(*client, std::move(facts), message, std::move(may_add), decision));
        return decision;
    }
    Decision ask(Stage stage)
    {
        Facts facts;
        facts.stage = stage;
        if (direction(stage) == Direction::outbound) facts.action = Action::proceed;
        return ask(facts);
    }
};

}

TEST_F(HookClient, AStageThatNobodyWantsIsNotAskedFor)
{
    subscriptions->stages = {};
    auto facts = all_facts();
    EXPECT_EQ(ask(facts).action, Action::quarantine);
    EXPECT_TRUE(log.empty());
}

TEST_F(HookClient, WithoutQmailHookdThePolicyDecides)
{
    const auto at_rcpt = ask(Stage::rcpt);
    EXPECT_EQ(at_rcpt.action, Action::reject);
    EXPECT_EQ(at_rcpt.response->code, 451);
    EXPECT_EQ(at_rcpt.response->enhanced, "4.7.1");
    EXPECT_EQ(ask(Stage::connect).action, Action::disconnect);
    EXPECT_EQ(ask(Stage::connect).response->code, 421);
    EXPECT_EQ(ask(Stage::delivery).action, Action::proceed);
    EXPECT_TRUE(ask(Stage::dsn).ask_again);
    subscriptions->without.fill(Policy::reject);
    EXPECT_EQ(ask(Stage::data).response->code, 550);
    EXPECT_EQ(ask(Stage::connect).response->code, 554);
    subscriptions->without.fill(Policy::quarantine);
    EXPECT_EQ(ask(Stage::data).action, Action::quarantine);
    subscriptions->without.fill(Policy::accept);
    EXPECT_EQ(ask(Stage::data).action, Action::accept);
    EXPECT_FALSE(ask(Stage::dsn).ask_again);
    EXPECT_EQ(log.size(), 1u);   // one line for all of them
}

TEST_F(HookClient, FactsAndMessageArriveAndTheDecisionComesBack)
{
    FakeHookd hookd(home.path(), [](FakeCall& call) {
        const bool good = call.request.facts == all_facts() && call.message() == "Subject: x\n";
        wire::Decided decided{whole_decision(), true};
        decided.decision.recipients.pop_back();
        decided.decision.reason = good ? "good" : "bad";
        const Fd changed = sealed_file("Subject: y\n\n");
        decided.decision.size = 12;
        call.say(wire::encode(decided), changed.get());
        return true;
    });
    const auto decision = ask(all_facts(), sealed_file("Subject: x\n").get());
    EXPECT_EQ(decision.reason, "good");
    EXPECT_EQ(decision.action, Action::discard);
    EXPECT_EQ(decision.to, whole_decision().to);
    EXPECT_EQ(
        read_all(open_read("/proc/self/fd/" + std::to_string(decision.message.get())).get(), 100),
        "Subject: y\n\n");
    EXPECT_TRUE(log.empty());
}

TEST_F(HookClient, QuestionsAboutRecipientsAreAnswered)
{
    FakeHookd hookd(home.path(), [](FakeCall& call) {
        std::string answers;
        for (const char* address : {"a@here.example", "b@far.example", "c"}) {
            call.say(wire::encode(wire::Question{address}));
            const auto said = call.next();
            answers += name(std::get<wire::QuestionAnswered>(*said).answer);
        }
        wire::Decided decided;
        decided.decision.reason = answers;
        call.say(wire::encode(decided));
        return true;
    });
    const auto decision = ask(all_facts(), -1, [](std::string_view address) {
        if (address == "c") return MayAdd::no;
        return address.ends_with("here.example") ? MayAdd::yes : MayAdd::foreign;
    });
    EXPECT_EQ(decision.reason, "yesforeignno");
}

TEST_F(HookClient, ConnectionsAreKept)
{
    FakeHookd hookd(home.path(), [](FakeCall& call) {
        call.decide(Action::accept);
        return true;
    });
    for (int n = 0; n < 3; ++n) ask(Stage::mail);
    EXPECT_EQ(hookd.connections(), 1);
}

TEST_F(HookClient, AKeptConnectionThatBreaksIsReplacedOnce)
{
    int calls = 0;
    FakeHookd hookd(home.path(), [&](FakeCall& call) {
        if (++calls == 2) return false;
        call.decide(Action::accept);
        return true;
    });
    ask(Stage::mail);
    EXPECT_EQ(ask(Stage::mail).action, Action::accept);
    EXPECT_EQ(calls, 3);
    EXPECT_EQ(hookd.connections(), 2);
}

TEST_F(HookClient, WhereQmailHookdEndsInTheMiddleThePolicyDecides)
{
    FakeHookd hookd(home.path(), [](FakeCall&) { return false; });
    EXPECT_EQ(ask(Stage::mail).response->code, 451);
}

TEST_F(HookClient, WhereItIsSlowThePolicyDecides)
{
    subscriptions->limits.fill(1s);
    FakeHookd hookd(home.path(), [](FakeCall& call) {
        call.next();   // until the client leaves
        return false;
    });
    EXPECT_EQ(ask(Stage::mail).response->code, 451);
    EXPECT_NE(log.at(0).find("in time"), std::string::npos) << log[0];
}

TEST_F(HookClient, TroubleAndItsEndAreLoggedOnce)
{
    ask(Stage::mail);
    ask(Stage::mail);
    FakeHookd hookd(home.path(), [](FakeCall& call) {
        call.decide(Action::accept);
        return true;
    });
    ask(Stage::mail);
    ask(Stage::mail);
    ASSERT_EQ(log.size(), 2u);
    EXPECT_NE(log[0].find("does not run"), std::string::npos);
    EXPECT_NE(log[1].find("answers again"), std::string::npos);
}

TEST_F(HookClient, ACallThatIsTakenBackClosesItsConnection)
{
    FakeHookd hookd(home.path(), [](FakeCall& call) { return call.next().has_value(); });
    bool timed_out = false;
    run(ask_for_a_moment(*client, timed_out));
    EXPECT_TRUE(timed_out);
    EXPECT_TRUE(test::wait_until([&] { return hookd.left() == 1; }));
    EXPECT_TRUE(log.empty());
}

TEST_F(HookClient, DecisionsThatNobodyCanCarryOutAreNoAnswers)
{
    Decision bad;
    FakeHookd hookd(home.path(), [&](FakeCall& call) {
        wire::Decided decided;
        std::swap(decided.decision, bad);
        call.say(wire::encode(decided));
        return true;
    });
    bad.action = Action::cancel;
    EXPECT_EQ(ask(Stage::mail).response->code, 451);
    bad.action = Action::reject;
    EXPECT_EQ(ask(Stage::mail).response->code, 451);
    bad.action = Action::reject;
    bad.response = Response{550, {}, "no\r\n250 yes"};
    EXPECT_EQ(ask(Stage::mail).response->code, 451);
    bad.action = Action::proceed;
    bad.recipients = {{0, {}, {}, {}}};
    EXPECT_TRUE(ask(Stage::dsn).ask_again);
}

TEST_F(HookClient, AMessageOfAnotherSizeOrOfAnotherKindIsNoAnswer)
{
    std::uint64_t size = 3;
    std::function<Fd()> file = [] { return sealed_file("four"); };
    FakeHookd hookd(home.path(), [&](FakeCall& call) {
        wire::Decided decided{{}, true};
        decided.decision.size = size;
        const Fd message = file();
        call.say(wire::encode(decided), message.get());
        return true;
    });
    EXPECT_EQ(ask(Stage::data).response->code, 451);
    size = 4;
    EXPECT_EQ(ask(Stage::data).action, Action::accept);
    file = [] {
        Fd open = make_memory_file("x");
        write_all(open.get(), "four");
        return open;
    };
    EXPECT_TRUE(ask(Stage::data).message);   // has no name: read, not mapped
    file = [] { return Fd(::open("/dev/zero", O_RDONLY | O_CLOEXEC)); };
    EXPECT_EQ(ask(Stage::data).response->code, 451);
    file = [&] {
        home.write("somebodys", "four");
        return open_read(home / "somebodys");
    };
    EXPECT_EQ(ask(Stage::data).response->code, 451);
    file = [] { return Fd(); };
    EXPECT_EQ(ask(Stage::data).response->code, 451);
}

TEST_F(HookClient, GarbageIsNoAnswer)
{
    FakeHookd hookd(home.path(), [](FakeCall& call) {
        call.say(std::string("\0\0\0\3abc", 7));
        return true;
    });
    EXPECT_EQ(ask(Stage::mail).response->code, 451);
}

TEST_F(HookClient, ARefusalIsLogged)
{
    FakeHookd hookd(home.path(), [](FakeCall& call) {
        call.say(wire::encode(wire::Refused{"too busy"}));
        return true;
    });
    EXPECT_EQ(ask(Stage::mail).response->code, 451);
    EXPECT_NE(log.at(0).find("too busy"), std::string::npos);
}

TEST_F(HookClient, ProgramsWithoutALoopAskTheSame)
{
    EXPECT_EQ(ask_and_wait(home.path(), *subscriptions, all_facts(), -1, {}).response->code, 451);
    FakeHookd hookd(home.path(), [](FakeCall& call) {
        call.say(wire::encode(wire::Question{"x@y"}));
        const auto said = call.next();
        wire::Decided decided{{}, true};
        decided.decision.reason = name(std::get<wire::QuestionAnswered>(*said).answer);
        decided.decision.size = 4;
        const bool good = call.request.facts == all_facts() && call.message() == "text";
        if (good) call.say(wire::encode(decided), sealed_file("more").get());
        return good;
    });
    const auto decision =
        ask_and_wait(home.path(), *subscriptions, all_facts(), sealed_file("text").get(),
                     [](std::string_view) { return MayAdd::foreign; });
    EXPECT_EQ(decision.reason, "foreign");
    EXPECT_TRUE(decision.message);
    subscriptions->stages = {};
    EXPECT_EQ(ask_and_wait(home.path(), *subscriptions, all_facts(), -1, {}).action,
              Action::quarantine);
}

TEST_F(HookClient, ProgramsWithoutALoopWaitNoLonger)
{
    subscriptions->limits.fill(1s);
    FakeHookd hookd(home.path(), [](FakeCall& call) { return call.next().has_value(); });
    EXPECT_EQ(ask_and_wait(home.path(), *subscriptions, all_facts(), -1, {}).response->code, 451);
}

}
