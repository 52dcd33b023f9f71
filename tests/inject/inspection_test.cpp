// control/hooks-on-inject: qmail-inject as a program, with somebody at run/hookd who answers.
#include "inject/capture.hpp"

#include "base/sys/memory_file.hpp"
#include "hooks/fake_hookd.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace grapnel::hooks {
namespace {

using namespace std::string_literals;
using namespace grapnel::test;

const std::string message =
    "Subject: s\nDate: now\nMessage-ID: <1@x>\nFrom: me@here.example\nTo: x@y.example\n\nbody\n";

class InspectedInject : public ::testing::Test {
protected:
    InspectedInject()
    {
        home.control("hooks-on-inject", "1");
        make_directory(home / "control/hooks", 0755);
        make_directory(home / "control/hooks/10-scan", 0755);
        home.control("hooks/10-scan/stages", "data");
        home.control("hooks/10-scan/on-failure", "tempfail");
    }
    Finished inject(std::vector<std::string> words = {"a@b.example"})
    {
        words.insert(words.begin(), home.program("qmail-inject"));
        std::vector<std::string> variables{"USER=skua"};
        for (const auto& variable : capture.environment()) variables.push_back(variable);
        return run_program(home, words, variables, message).outcome;
    }
    // Every call gets this; what was asked is kept.
    void answer(std::function<void(FakeCall&, Decision&)> decide)
    {
        hookd.emplace(home.path(), [this, decide](FakeCall& call) {
            asked = call.request.facts;
            shown = call.message();
            wire::Decided decided;
            decided.decision.scanner = "10-scan";
            decided.decision.reason = "because";
            decide(call, decided.decision);
            decided.with_message = static_cast<bool>(decided.decision.message);
            call.say(wire::encode(decided), decided.decision.message.get());
            return true;
        });
    }

    TempHome home;
    Capture capture;
    std::optional<FakeHookd> hookd;
    std::optional<Facts> asked;
    std::string shown;
};

TEST_F(InspectedInject, TheWholeMessageIsShownAndThenQueued)
{
    answer([](FakeCall&, Decision&) {});
    EXPECT_EQ(inject({"a@b.example", "j m@c.example"}).ending.code, 0);
    hookd.reset();
    EXPECT_EQ(shown, message.substr(0, 100));
    EXPECT_EQ(asked->stage, Stage::data);
    EXPECT_FALSE(asked->client || asked->tls || asked->auth);
    EXPECT_EQ(asked->envelope->from.address, "skua@here.example");
    ASSERT_EQ(asked->envelope->to.size(), 2u);
    EXPECT_EQ(asked->envelope->to[1].address, "\"j m\"@c.example");
    const auto got = capture.take();
    ASSERT_EQ(got.size(), 1u);
    EXPECT_EQ(got[0].message, message);
    EXPECT_TRUE(got[0].envelope.starts_with(
        "Fskua@here.example\0Ta@b.example\0Tj m@c.example\0\0id="s + asked->queue->id))
        << got[0].envelope;
}

TEST_F(InspectedInject, MoreThanMayBeHeldIsRefused)
{
    answer([](FakeCall&, Decision&) {});
    home.control("databytes", std::to_string(message.size() - 1));
    const auto done = inject();
    EXPECT_EQ(done.ending.code, 100);
    EXPECT_EQ(done.errors, "qmail-inject: fatal: message too long to be looked at (#5.3.4)\n");
    EXPECT_EQ(hookd->connections(), 0);
    home.control("databytes", std::to_string(message.size()));
    EXPECT_EQ(inject().ending.code, 0);
}

TEST_F(InspectedInject, WithoutTheSettingNobodyIsAsked)
{
    answer([](FakeCall&, Decision&) {});
    for (const auto* value : {"0", ""}) {
        home.control("hooks-on-inject", value);
        EXPECT_EQ(inject().ending.code, 0);
    }
    EXPECT_EQ(hookd->connections(), 0);
    home.control("hooks-on-inject", "1");
    home.control("hooks/10-scan/stages", "rcpt delivery");
    EXPECT_EQ(inject().ending.code, 0);
    EXPECT_EQ(hookd->connections(), 0);
    EXPECT_EQ(capture.take().size(), 3u);
}

TEST_F(InspectedInject, RefusalsAreSaidForNowOrForGood)
{
    for (const auto& [response, code] : {std::pair{Response{550, "5.7.1", "no virus, please"}, 100},
                                         {Response{451, "4.7.1", "not yet"}, 111}}) {
        answer([&words = response](FakeCall&, Decision& decision) {
            decision.action = Action::reject;
            decision.response = words;
        });
        const auto done = inject();
        EXPECT_EQ(done.ending.code, code);
        EXPECT_EQ(done.errors,
                  "qmail-inject: fatal: " + response.message + " (#" + *response.enhanced + ")\n");
        hookd.reset();
    }
    EXPECT_TRUE(capture.take().empty());
}

TEST_F(InspectedInject, WhereNobodyAnswersThePolicyDecides)
{
    EXPECT_EQ(inject().ending.code, 111);
    EXPECT_TRUE(capture.take().empty());
    home.control("hooks/10-scan/on-failure", "accept");
    EXPECT_EQ(inject().ending.code, 0);
    EXPECT_EQ(capture.take().size(), 1u);
}

TEST_F(InspectedInject, DiscardedMailGoesNowhere)
{
    answer([](FakeCall&, Decision& decision) { decision.action = Action::discard; });
    EXPECT_EQ(inject().ending.code, 0);
    hookd.reset();
    answer([](FakeCall&, Decision& decision) { decision.to.emplace(); });
    EXPECT_EQ(inject().ending.code, 0);
    EXPECT_TRUE(capture.take().empty());
}

TEST_F(InspectedInject, HeldAndChangedMailIsQueuedSo)
{
    answer([](FakeCall& call, Decision& decision) {
        decision.action = Action::quarantine;
        decision.from = Sender{"\"new one\"@b.example", {{"RET", "HDRS"}}};
        decision.to = {
            {{"c@d.example", {{"NOTIFY", "NEVER"}}}, call.request.facts.envelope->to[0]}};
        decision.message = sealed_file("X: y\n\nother\n");
        decision.size = 12;
    });
    EXPECT_EQ(inject().ending.code, 0);
    const auto got = capture.take();
    ASSERT_EQ(got.size(), 1u);
    EXPECT_EQ(got[0].message, "X: y\n\nother\n");
    const auto& envelope = got[0].envelope;
    EXPECT_TRUE(envelope.starts_with("Fnew one@b.example\0Tc@d.example\0Ta@b.example\0\0id="s))
        << envelope;
    for (const auto* record : {"held=10-scan/because", "ret=HDRS", "0:notify=NEVER"})
        EXPECT_NE(envelope.find(record), std::string::npos) << record;
}

}
}
