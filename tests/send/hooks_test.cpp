// The built qmail-send between played spawners and a played qmail-hookd: what scanners are told at
// delivery, defer and dsn, and what their answers do, over crashes and restarts (mta-hooks 13).
#include "hooks/fake_hookd.hpp"
#include "send/one_message.hpp"

#include "base/sys/file.hpp"
#include "base/sys/memory_file.hpp"
#include "support/queue_watch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <csignal>
#include <ctime>
#include <map>

namespace grapnel::test {
namespace {

using hooks::Action;
using hooks::Decision;
using hooks::DeliveryStatus;
using hooks::Facts;
using hooks::RecipientChange;
using hooks::Stage;
using testing::HasSubstr;
constexpr auto local = Channel::local, remote = Channel::remote;

// One place for all threads of the played qmail-hookd.
class Script {
public:
    using Answer = std::function<Decision(const Facts&)>;

    void answer(Stage stage, Answer how)
    {
        const std::lock_guard lock(mutex_);
        answers_[stage] = std::move(how);
    }
    void change(Stage stage, RecipientChange change)
    {
        answer(stage, [change](const Facts&) {
            Decision decision = as_before();
            decision.recipients = {change};
            return decision;
        });
    }
    void hold(bool on)
    {
        const std::lock_guard lock(mutex_);
        held_ = on;
    }

    static Decision as_before()
    {
        Decision decision;
        decision.action = Action::proceed;
        decision.scanner = "10-played";
        return decision;
    }

    bool play(hooks::FakeCall& call)
    {
        {
            const std::lock_guard lock(mutex_);
            asked_.push_back({call.request.facts, call.message()});
        }
        while (is_held()) wait_until([&] { return !is_held(); }, milliseconds(100));
        hooks::wire::Decided decided{as_before(), false};
        if (const auto how = answer_for(call.request.facts.stage))
            decided.decision = how(call.request.facts);
        decided.with_message = static_cast<bool>(decided.decision.message);
        call.say(hooks::wire::encode(decided), decided.decision.message.get());
        return true;
    }

    struct Asked {
        Facts facts;
        std::string message;
        std::string recipient() const { return facts.envelope->to.at(0).address; }
        const hooks::DeliveryFacts& delivery() const { return *facts.envelope->to.at(0).delivery; }
    };
    std::vector<Asked> asked() const
    {
        const std::lock_guard lock(mutex_);
        return asked_;
    }
    // The n-th question at that stage, waited for.
    Asked at(Stage stage, std::size_t n = 0) const
    {
        Asked found;
        const bool came = wait_until([&] {
            std::size_t before = 0;
            for (auto& one : asked())
                if (one.facts.stage == stage && before++ == n) {
                    found = one;
                    return true;
                }
            return false;
        });
        EXPECT_TRUE(came) << "nobody was asked at " << name(stage);
        if (!came) throw std::runtime_error("no question");
        return found;
    }
    std::size_t count(Stage stage) const
    {
        std::size_t count = 0;
        for (const auto& one : asked()) count += one.facts.stage == stage ? 1 : 0;
        return count;
    }

private:
    bool is_held() const
    {
        const std::lock_guard lock(mutex_);
        return held_;
    }
    Answer answer_for(Stage stage) const
    {
        const std::lock_guard lock(mutex_);
        const auto found = answers_.find(stage);
        return found == answers_.end() ? Answer() : found->second;
    }

    mutable std::mutex mutex_;
    std::map<Stage, Answer> answers_;
    std::vector<Asked> asked_;
    bool held_ = false;
};

struct SendHooks : OneMessage {
    Script script;
    std::optional<hooks::FakeHookd> hookd;

    SendHooks()
    {
        home.write("stand-in", "#!/bin/sh\ncat >" + (home / "sent") + "\nexit 0\n", 0755);
    }
    ~SendHooks() override { script.hold(false); }

    void subscribe(std::string_view stages)
    {
        make_directory(home / "control/hooks", 0755);
        make_directory(home / "control/hooks/10-played", 0755);
        home.control("hooks/10-played/url", "https://scanner.example/");
        home.control("hooks/10-played/stages", stages);
        hookd.emplace(home.path(), [this](hooks::FakeCall& call) { return script.play(call); });
    }
    SendingOptions options() const
    {
        return {.environment = {"QMAILQUEUE=" + (home / "stand-in")}};
    }
};

TEST_F(SendHooks, ADeliveryIsTold)
{
    subscribe("delivery defer");
    n = lay_todo(home,
                 zeros("u1|p7|p7 id=019ac3f2-6f00-7b1e-8c3d-0a1b2c3d4e5f ret=HDRS|Fs@a.example|"
                       "Tbob@far.example|p7 notify=DELAY|"));
    Sending send(home);
    ASSERT_TRUE(send.next_job(remote));
    send.report(remote, 0, 'K', "192.0.2.1 accepted message.\nRemote host said: 250 2.0.0 ok\n");
    const auto asked = script.at(Stage::delivery);
    EXPECT_EQ(asked.message, "Subject: x\n\nbody\n");
    EXPECT_EQ(asked.facts.queue->id, "019ac3f2-6f00-7b1e-8c3d-0a1b2c3d4e5f");
    EXPECT_EQ(asked.facts.envelope->from,
              (hooks::Sender{"s@a.example", hooks::EsmtpParameters{{"RET", "HDRS"}}}));
    EXPECT_EQ(asked.facts.envelope->to.size(), 1u);
    EXPECT_EQ(asked.recipient(), "bob@far.example");
    EXPECT_EQ(asked.facts.envelope->to[0].parameters,
              (hooks::EsmtpParameters{{"NOTIFY", "DELAY"}}));
    EXPECT_EQ(
        asked.delivery(),
        (hooks::DeliveryFacts{
            DeliveryStatus::delivered, 1, hooks::Response{250, "2.0.0", "ok"}, {}, {}, "remote"}));
    EXPECT_TRUE(all_is_gone());
    EXPECT_EQ(script.count(Stage::defer), 0u);
}

TEST_F(SendHooks, WithoutASubscriptionNothingIsAskedAndNoByteDiffers)
{
    subscribe("rcpt data");
    lay({"ann@here.example"});
    Sending send(home);
    ASSERT_TRUE(send.next_job(local));
    send.report(local, 0, 'Z', "later");
    EXPECT_TRUE(comes("info", zeros("Fs@a.example|")));
    EXPECT_TRUE(wait_until([&] { return !is_there("todo"); }));
    EXPECT_EQ(send.stop()->code, 0);
    EXPECT_EQ(slurp(at("info")), zeros("Fs@a.example|"));
    EXPECT_TRUE(script.asked().empty());
}

TEST_F(SendHooks, WhatIsDeliveredIsGoneWhateverScannersThink)
{
    subscribe("delivery");
    script.hold(true);
    lay({"ann@here.example"});
    Sending send(home);
    ASSERT_TRUE(send.next_job(local));
    send.report(local, 0, 'K', "did 1+0+0\n");
    script.at(Stage::delivery);
    EXPECT_TRUE(all_is_gone());
    lay({"bob@here.example"});
    ASSERT_TRUE(send.next_job(local)) << "nobody waits for a scanner";
    script.change(Stage::delivery, {0, DeliveryStatus::failed, {}, {}});
    script.hold(false);
    EXPECT_THAT(send.lines_until("hook").back(),
                HasSubstr(": delivery: delivery 1 refused: delivered cannot become failed"));
}

TEST_F(SendHooks, ADeferralIsToldAndCounted)
{
    subscribe("delivery defer");
    const auto before = std::time(nullptr);
    lay({"ann@here.example", "bob@far.example"});
    Sending send(home);
    ASSERT_TRUE(send.next_job(local) && send.next_job(remote));
    send.report(remote, 0, 'Z', "Remote host said: 451 4.7.1 try later\n");
    for (const auto stage : {Stage::delivery, Stage::defer}) {
        const auto asked = script.at(stage);
        EXPECT_EQ(asked.recipient(), "bob@far.example");
        EXPECT_EQ(asked.delivery().status, DeliveryStatus::deferred);
        EXPECT_EQ(asked.delivery().attempt, 1u);
        EXPECT_EQ(asked.delivery().last_response, (hooks::Response{451, "4.7.1", "try later"}));
        EXPECT_NEAR(static_cast<double>(*asked.delivery().next_attempt_at),
                    static_cast<double>(before + 400), 30);
        EXPECT_EQ(asked.facts.queue->attempts, 1u);
        EXPECT_NEAR(static_cast<double>(*asked.facts.queue->expires_at),
                    static_cast<double>(before + 604800), 30);
        EXPECT_THAT(asked.facts.queue->id, testing::StartsWith(text() + "."));
    }
    EXPECT_TRUE(
        comes("info", zeros("Fs@a.example|r0:attempts=1|r0:last=451%204.7.1%20try%20later|")));
    const auto birth = status_if_there(at("info"))->st_mtime;
    EXPECT_NEAR(static_cast<double>(birth), static_cast<double>(before), 30);
    send.report(local, 0, 'K', "ok");
    send.process().kill(SIGALRM);
    ASSERT_TRUE(send.next_job(remote));
    send.report(remote, 0, 'Z', "again (#4.4.2)");
    EXPECT_EQ(script.at(Stage::defer, 1).delivery().attempt, 2u);
    EXPECT_TRUE(comes("info", zeros("Fs@a.example|r0:attempts=2|r0:last=451%204.4.2%20again|")));
    EXPECT_EQ(status_if_there(at("info"))->st_mtime, birth);
}

TEST_F(SendHooks, ADeferredRecipientThatAScannerGivesUpBounces)
{
    subscribe("delivery");
    script.change(Stage::delivery, {0, DeliveryStatus::failed, {}, {}});
    lay({"bob@far.example"});
    Sending send(home, options());
    ASSERT_TRUE(send.next_job(remote));
    send.report(remote, 0, 'Z', "try later\n");
    EXPECT_EQ(send.lines_until("hook").back(),
              "hook msg " + text() + ": delivery: delivery 1 deferred becomes failed by 10-played");
    EXPECT_THAT(send.lines_until("bounce msg").back(), HasSubstr("bounce msg " + text()));
    EXPECT_THAT(home.read("sent"), HasSubstr("<bob@far.example>:\ntry later\n"));
    EXPECT_TRUE(all_is_gone());
}

TEST_F(SendHooks, ADeferredRecipientMayBeDroppedInSilenceOrTakenCareOf)
{
    subscribe("defer");
    for (const auto status : {DeliveryStatus::failed_silent, DeliveryStatus::delivered}) {
        script.change(Stage::defer, {0, status, {}, {}});
        lay({"bob@far.example"});
        Sending send(home, options());
        ASSERT_TRUE(send.next_job(remote));
        send.report(remote, 0, 'Z', "try later\n");
        EXPECT_EQ(send.lines_until("end msg").back(), "end msg " + text());
        EXPECT_TRUE(all_is_gone());
        EXPECT_EQ(home.read("sent"), "");
        EXPECT_EQ(send.stop()->code, 0);
    }
}

TEST_F(SendHooks, AFailureThatAScannerHoldsBackIsTriedAgain)
{
    subscribe("delivery defer");
    script.change(Stage::delivery, {0, DeliveryStatus::deferred, {}, {}});
    lay({"bob@far.example"});
    Sending send(home, options());
    ASSERT_TRUE(send.next_job(remote));
    send.report(remote, 0, 'D', "no such user (#5.1.1)\n");
    EXPECT_EQ(script.at(Stage::defer).delivery().status, DeliveryStatus::deferred);
    EXPECT_TRUE(
        comes("info", zeros("Fs@a.example|r0:attempts=1|r0:last=550%205.1.1%20no%20such%20user|")));
    EXPECT_FALSE(is_there("bounce"));
    EXPECT_EQ(slurp(at("remote")), zeros("Tbob@far.example|"));
    script.change(Stage::delivery, {0, DeliveryStatus::failed_silent, {}, {}});
    send.process().kill(SIGALRM);
    ASSERT_TRUE(send.next_job(remote));
    send.report(remote, 0, 'D', "no such user (#5.1.1)\n");
    EXPECT_TRUE(all_is_gone());
    EXPECT_EQ(home.read("sent"), "");
}

TEST_F(SendHooks, AFailureIsNotFinalBeforeScannersHaveSeenIt)
{
    subscribe("delivery");
    script.hold(true);
    lay({"bob@far.example"});
    {
        Sending send(home);
        ASSERT_TRUE(send.next_job(remote));
        send.report(remote, 0, 'D', "no\n");
        EXPECT_EQ(script.at(Stage::delivery).delivery().status, DeliveryStatus::failed);
        EXPECT_EQ(slurp(at("remote")), zeros("Tbob@far.example|"));
        EXPECT_FALSE(is_there("bounce"));
        send.process().kill(SIGKILL);
        send.wait();
    }
    script.hold(false);
    Sending send(home, options());
    ASSERT_TRUE(send.next_job(remote)) << "after a crash he is tried again; it said "
                                       << testing::PrintToString(send.lines_until("warning"));
    send.report(remote, 0, 'D', "no\n");
    EXPECT_THAT(send.lines_until("bounce msg").back(), HasSubstr("bounce msg " + text()));
    EXPECT_TRUE(all_is_gone());
}

TEST_F(SendHooks, TheNextAttemptIsWhenAScannerSaysOverARestart)
{
    subscribe("defer");
    lay({"bob@far.example", "cid@far.example"});
    const auto later = std::time(nullptr) + 5000;
    script.answer(Stage::defer, [&](const Facts& facts) {
        auto decision = Script::as_before();
        if (facts.envelope->to[0].address == "bob@far.example")
            decision.recipients = {{0, {}, later, {}}};
        return decision;
    });
    {
        Sending send(home);
        ASSERT_TRUE(send.next_job(remote) && send.next_job(remote));
        send.report(remote, 0, 'Z', "x");
        send.report(remote, 1, 'Z', "x");
        EXPECT_TRUE(wait_until([&] {
            return slurp(at("info")).find("r0:next=" + std::to_string(later)) != std::string::npos;
        }));
        EXPECT_EQ(send.stop()->code, 0);
        EXPECT_LT(status_if_there(at("remote"))->st_mtime, later - 4000) << "his channel's turn";
    }
    set_age(at("remote"), std::time(nullptr));
    Sending send(home);
    const auto job = send.next_job(remote);
    ASSERT_TRUE(job);
    EXPECT_EQ(job->recipient, "cid@far.example");
    send.report(remote, 0, 'K', "ok");
    EXPECT_TRUE(comes("remote", zeros("Tbob@far.example|Dcid@far.example|")));
    EXPECT_FALSE(send.next_job(remote, milliseconds(0)));
    EXPECT_EQ(send.stop()->code, 0);
    EXPECT_EQ(status_if_there(at("remote"))->st_mtime,
              std::min<std::time_t>(later, status_if_there(at("remote"))->st_mtime));

    // His time has come.
    auto records = slurp(at("info"));
    const auto place = records.find("next=" + std::to_string(later));
    ASSERT_NE(place, std::string::npos);
    const auto birth = status_if_there(at("info"))->st_mtime;
    records.replace(place, 15, "next=1000000000");
    spill(at("info"), records);
    set_age(at("info"), birth);
    set_age(at("remote"), std::time(nullptr));
    Sending again(home);
    ASSERT_TRUE(again.next_job(remote));
    again.report(remote, 0, 'K', "ok");
    EXPECT_TRUE(all_is_gone());
}

TEST_F(SendHooks, AnEarlierAttemptBringsTheTurnForward)
{
    subscribe("defer");
    const auto soon = std::time(nullptr) + 100;
    script.change(Stage::defer, {0, {}, soon, {}});
    lay({"bob@far.example"});
    Sending send(home);
    ASSERT_TRUE(send.next_job(remote));
    send.report(remote, 0, 'Z', "x");
    EXPECT_EQ(send.lines_until("hook").back(), "hook msg " + text() + ": defer: delivery 1 next " +
                                                   std::to_string(soon) + " by 10-played");
    EXPECT_EQ(send.stop()->code, 0);
    EXPECT_EQ(status_if_there(at("remote"))->st_mtime, soon);
}

TEST_F(SendHooks, CancelDropsAllThatWaitAndSparesWhatRunsToItsEnd)
{
    subscribe("delivery");
    const auto now = std::time(nullptr);
    n = lay_sorted(home, zeros("Fs@a.example|"), zeros("Tann@here.example|Dold@here.example|"),
                   zeros("Tbob@far.example|Tcid@far.example|Tdan@far.example|"), now, now);
    set_age(at("local"), now + 5000);
    script.answer(Stage::delivery, [&](const Facts& facts) {
        auto decision = Script::as_before();
        if (facts.envelope->to[0].address == "bob@far.example") decision.action = Action::cancel;
        return decision;
    });
    Sending send(home, options());
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(send.next_job(remote));
    send.report(remote, 0, 'Z', "later");
    EXPECT_EQ(send.lines_until("hook").back(),
              "hook msg " + text() + ": delivery: cancelled by 10-played");
    EXPECT_EQ(send.lines_until("cancelled").back(),
              "cancelled msg " + text() + ": to remote bob@far.example");
    EXPECT_EQ(send.lines_until("cancelled").back(),
              "cancelled msg " + text() + ": to local ann@here.example");
    EXPECT_TRUE(wait_until([&] { return !is_there("local"); }));
    EXPECT_TRUE(comes("info", zeros("Fs@a.example|silent=1|")));
    send.report(remote, 1, 'D', "too late");
    send.report(remote, 2, 'K', "ok");
    EXPECT_TRUE(all_is_gone());
    EXPECT_EQ(home.read("sent"), "") << "nobody is told";
    EXPECT_EQ(script.count(Stage::delivery), 2u) << "bob, and dan who got it";
}

TEST_F(SendHooks, ACancelledMessageStaysSoAfterACrash)
{
    const auto now = std::time(nullptr);
    n = lay_sorted(home, zeros("Fs@a.example|silent=1|"), "", zeros("Tbob@far.example|"), now, now);
    Sending send(home, options());
    EXPECT_EQ(send.lines_until("cancelled").back(),
              "cancelled msg " + text() + ": to remote bob@far.example");
    EXPECT_TRUE(all_is_gone());
    EXPECT_FALSE(send.next_job(remote, milliseconds(0)));
}

TEST_F(SendHooks, WhoFailedIsReportedThoughTheRestIsCancelled)
{
    subscribe("delivery");
    script.answer(Stage::delivery, [](const Facts&) {
        auto decision = Script::as_before();
        decision.action = Action::cancel;
        return decision;
    });
    lay({"ann@here.example", "bob@far.example"});
    Sending send(home, options());
    ASSERT_TRUE(send.next_job(local) && send.next_job(remote));
    send.report(remote, 0, 'D', "no such user\n");
    send.lines_until("hook");
    send.report(local, 0, 'Z', "later\n");
    EXPECT_THAT(send.lines_until("bounce msg").back(), HasSubstr("bounce msg " + text()));
    EXPECT_THAT(home.read("sent"), HasSubstr("<bob@far.example>:\nno such user\n"));
    EXPECT_THAT(home.read("sent"), testing::Not(HasSubstr("ann@here")));
    EXPECT_TRUE(all_is_gone());
}

TEST_F(SendHooks, ANoticeIsShownBeforeItGoes)
{
    subscribe("dsn");
    n = lay_todo(home, zeros("u1|p7|p7 ret=HDRS|Fs@a.example|Tbob@far.example|p7 "
                             "orcpt=rfc822;b@x|Tann@here.example|"));
    Sending send(home, options());
    ASSERT_TRUE(send.next_job(local) && send.next_job(remote));
    send.report(local, 0, 'D', "full (#5.2.2)\n");
    send.report(remote, 0, 'D', "Remote host said: 550 5.1.1 no\n");
    const auto asked = script.at(Stage::dsn);
    EXPECT_THAT(asked.message, testing::StartsWith("Date: "));
    EXPECT_EQ(asked.facts.envelope->from.address, "s@a.example");
    ASSERT_EQ(asked.facts.envelope->to.size(), 2u);
    for (const auto& one : asked.facts.envelope->to) {
        const bool is_bob = one.address == "bob@far.example";
        EXPECT_EQ(one.parameters, is_bob ? (hooks::EsmtpParameters{{"ORCPT", "rfc822;b@x"}})
                                         : hooks::EsmtpParameters{});
        EXPECT_EQ(*one.delivery,
                  (hooks::DeliveryFacts{DeliveryStatus::failed,
                                        1,
                                        is_bob ? hooks::Response{550, "5.1.1", "no"}
                                               : hooks::Response{550, "5.2.2", "full"},
                                        {},
                                        {},
                                        is_bob ? "remote" : "local"}));
    }
    EXPECT_THAT(send.lines_until("bounce msg").back(), HasSubstr("bounce msg " + text()));
    EXPECT_THAT(home.read("sent"), HasSubstr("<bob@far.example>:\n"));
    EXPECT_TRUE(all_is_gone());
}

TEST_F(SendHooks, ANoticeMayBeSuppressed)
{
    subscribe("dsn");
    for (const bool cancel : {false, true}) {
        script.answer(Stage::dsn, [&](const Facts&) {
            auto decision = Script::as_before();
            decision.suppressed = !cancel;
            if (cancel) decision.action = Action::cancel;
            return decision;
        });
        lay({"bob@far.example"});
        Sending send(home, options());
        ASSERT_TRUE(send.next_job(remote));
        send.report(remote, 0, 'D', "no\n");
        EXPECT_EQ(send.lines_until("hook").back(),
                  "hook msg " + text() + ": dsn: notice suppressed by 10-played");
        EXPECT_EQ(send.next_line(), "end msg " + text());
        EXPECT_TRUE(all_is_gone());
        EXPECT_EQ(home.read("sent"), "");
        EXPECT_EQ(send.stop()->code, 0);
    }
}

TEST_F(SendHooks, ANoticeMayBeChanged)
{
    subscribe("dsn");
    const std::string other = "Subject: sorry\n\n" + std::string(100'000, 'x') + "\n";
    script.answer(Stage::dsn, [&](const Facts&) {
        auto decision = Script::as_before();
        decision.message = sealed_file(other);
        decision.size = other.size();
        return decision;
    });
    lay({"bob@far.example"});
    Sending send(home, options());
    ASSERT_TRUE(send.next_job(remote));
    send.report(remote, 0, 'D', "no\n");
    EXPECT_EQ(send.lines_until("hook").back(),
              "hook msg " + text() + ": dsn: notice changed by 10-played");
    EXPECT_THAT(send.lines_until("bounce msg").back(), HasSubstr("bounce msg " + text()));
    EXPECT_TRUE(home.read("sent") == other);
    EXPECT_TRUE(all_is_gone());
}

TEST_F(SendHooks, NobodyIsAskedAboutANoticeToThePostmaster)
{
    subscribe("dsn");
    n = lay_message(home, "", {"bob@far.example"});
    Sending send(home, options());
    ASSERT_TRUE(send.next_job(remote));
    send.report(remote, 0, 'D', "no\n");
    EXPECT_THAT(send.lines_until("bounce msg").back(), HasSubstr("bounce msg " + text()));
    EXPECT_EQ(script.count(Stage::dsn), 0u);
}

TEST_F(SendHooks, ANoticeWaitsForAScannerThatFailed)
{
    subscribe("dsn");
    script.answer(Stage::dsn, [](const Facts&) {
        auto decision = Script::as_before();
        decision.ask_again = true;
        return decision;
    });
    lay({"bob@far.example"});
    {
        Sending send(home, options());
        ASSERT_TRUE(send.next_job(remote));
        send.report(remote, 0, 'D', "no\n");
        EXPECT_EQ(send.lines_until("hook").back(), "hook msg " + text() + ": dsn: notice waits");
        EXPECT_EQ(send.stop()->code, 0);
        EXPECT_EQ(home.read("sent"), "");
        EXPECT_TRUE(is_there("bounce") && is_there("info"));
    }
    script.answer(Stage::dsn, {});
    Sending send(home, options());
    EXPECT_THAT(send.lines_until("bounce msg").back(), HasSubstr("bounce msg " + text()));
    EXPECT_TRUE(all_is_gone());
}

TEST_F(SendHooks, WithoutQmailHookdMailGoesOn)
{
    subscribe("delivery defer dsn");
    hookd.reset();
    lay({"ann@here.example", "bob@far.example"});
    Sending send(home, options());
    ASSERT_TRUE(send.next_job(local) && send.next_job(remote));
    send.report(local, 0, 'K', "ok");
    send.report(remote, 0, 'D', "no\n");
    EXPECT_THAT(send.lines_until("bounce msg").back(), HasSubstr("bounce msg " + text()));
    EXPECT_TRUE(all_is_gone());
}

TEST_F(SendHooks, TheEndWaitsForAnAnswer)
{
    subscribe("delivery");
    script.hold(true);
    lay({"bob@far.example"});
    Sending send(home);
    ASSERT_TRUE(send.next_job(remote));
    send.report(remote, 0, 'Z', "later");
    script.at(Stage::delivery);
    send.process().kill(SIGTERM);
    send.lines_until("status: local 0/10 remote 0/20 exitasap");
    script.hold(false);
    EXPECT_EQ(send.wait()->code, 0);
    EXPECT_THAT(slurp(at("info")), HasSubstr("attempts=1"));
    EXPECT_GT(status_if_there(at("remote"))->st_mtime, std::time(nullptr) + 300);
}

TEST_F(SendHooks, HupReadsTheSettingsAgainAndIsPassedOn)
{
    subscribe("rcpt");
    lay({"ann@here.example"});
    Sending send(home);
    ASSERT_TRUE(send.next_job(local));
    home.control("hooks/10-played/stages", "delivery");
    const int before = hookd->connections();
    send.process().kill(SIGHUP);
    EXPECT_TRUE(wait_until([&] { return hookd->connections() > before; }));
    send.report(local, 0, 'K', "ok");
    EXPECT_EQ(script.at(Stage::delivery).recipient(), "ann@here.example");
}

TEST_F(SendHooks, RecordsOfAnEarlierLifeSurviveAReturnOfTodo)
{
    subscribe("defer");
    script.change(Stage::defer, {0, {}, std::time(nullptr) + 5000, {}});
    lay({"bob@far.example", "cid@far.example"});
    const auto todo = slurp(at("todo"));
    {
        Sending send(home);
        ASSERT_TRUE(send.next_job(remote) && send.next_job(remote));
        send.report(remote, 0, 'Z', "x");
        send.report(remote, 1, 'K', "ok");
        EXPECT_TRUE(
            wait_until([&] { return slurp(at("info")).find("r0:next=") != std::string::npos; }));
        EXPECT_EQ(send.stop()->code, 0);
    }
    // A power cut undid its removal.
    spill(at("todo"), todo);
    const auto info = slurp(at("info"));
    Sending send(home);
    EXPECT_TRUE(wait_until([&] { return !is_there("todo"); }));
    EXPECT_EQ(slurp(at("info")), info);
    EXPECT_EQ(slurp(at("remote")), zeros("Tbob@far.example|Dcid@far.example|"));
    EXPECT_FALSE(send.next_job(remote, milliseconds(300))) << "neither twice nor too soon";
}

}
}
