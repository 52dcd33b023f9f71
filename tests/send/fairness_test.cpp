#include "send/fairness.hpp"

#include "send/fair_place.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace grapnel::send {
namespace {

using Outcome = Fairness::Outcome;

// A channel: slots, those who run, those who wait; simulated time.
struct Slots {
    struct Waiter {
        FairPlace place;
        std::string name;
    };
    explicit Slots(unsigned count) : fairness(count), free(count) {}

    void wait(std::string destination, std::string sender, bool retry = false, int times = 1,
              int priority = 0)
    {
        for (; times > 0; --times) {
            const FairPlace place{destination_key(queue::Channel::remote, "x@" + destination),
                                  sender_key(sender), retry, priority};
            fairness.wait(place, waiters.size());
            waiters.push_back({place, destination + '/' + sender});
        }
    }
    // Fills what is free; the names of those who got a slot.
    std::vector<std::string> fill()
    {
        std::vector<std::string> names;
        while (free > 0) {
            const auto item = fairness.next(now);
            if (!item) break;
            --free;
            fairness.started(waiters.at(*item).place);
            running.push_back(*item);
            names.push_back(waiters[*item].name);
        }
        return names;
    }
    // One of those ends.
    void end(std::string_view name, Outcome outcome = Outcome::answered)
    {
        for (auto item = running.begin(); item != running.end(); ++item) {
            if (waiters[*item].name != name) continue;
            fairness.ended(waiters[*item].place, outcome, now);
            running.erase(item);
            ++free;
            return;
        }
        ADD_FAILURE() << name << " does not run";
    }
    std::map<std::string, int> count() const
    {
        std::map<std::string, int> counts;
        for (const auto item : running) ++counts[waiters[item].name];
        return counts;
    }

    Fairness fairness;
    unsigned free;
    Due now = 0;
    std::vector<Waiter> waiters;
    std::vector<std::size_t> running;
};

using Names = std::vector<std::string>;

TEST(Fairness, DestinationsTakeTurnsThenSenders)
{
    Slots slots(8);
    slots.wait("a", "s", false, 2);
    slots.wait("a", "t", false, 1);
    slots.wait("b", "s", false, 2);
    EXPECT_EQ(slots.fill(), (Names{"a/s", "b/s", "a/t", "b/s", "a/s"}));
    EXPECT_EQ(slots.fairness.waiting(), 0u);
}

TEST(Fairness, OneAloneLeavesAnEighthForOthers)
{
    Slots slots(16);
    slots.wait("a", "s", false, 100);
    EXPECT_EQ(slots.fill().size(), 14u);
    slots.wait("b", "t");
    EXPECT_EQ(slots.fill(), Names{"b/t"});
    // With few slots there is nothing to leave.
    for (const auto& [count, started] : {std::pair(1u, 1u), {3u, 3u}, {4u, 3u}, {20u, 18u}}) {
        Slots few(count);
        few.wait("a", "s", false, 100);
        EXPECT_EQ(few.fill().size(), started) << count;
    }
}

TEST(Fairness, AMessageAloneHasAllSlots)
{
    Slots slots(16);
    slots.fairness.set_alone(true);
    slots.wait("a", "s", false, 100);
    EXPECT_EQ(slots.fill().size(), 16u);
    slots.fairness.set_alone(false);
    slots.wait("b", "t");
    slots.end("a/s");
    EXPECT_EQ(slots.fill(), Names{"b/t"});
    slots.end("a/s");
    EXPECT_TRUE(slots.fill().empty());
}

TEST(Fairness, ADestinationHasHalfWhileOthersWait)
{
    Slots slots(20);
    slots.wait("slow", "s", false, 1000);
    EXPECT_EQ(slots.fill().size(), 18u);
    slots.wait("b", "t", false, 50);
    slots.wait("c", "u", false, 50);
    slots.fill();
    for (int i = 0; i < 8; ++i) {   // what ends of it goes to others, down to half
        slots.end("slow/s");
        slots.fill();
    }
    EXPECT_EQ(slots.count()["slow/s"], 10);
    EXPECT_EQ(slots.count()["b/t"] + slots.count()["c/u"], 10);
    EXPECT_EQ(slots.count()["b/t"], 5);
}

TEST(Fairness, TheHalfIsUsedWhereNobodyElseCanUseIt)
{
    Slots slots(20);
    slots.wait("slow", "s", false, 1000);
    slots.wait("b", "t");
    slots.fill();
    EXPECT_EQ(slots.count()["b/t"], 1);
    EXPECT_EQ(slots.count()["slow/s"], 18);
}

TEST(Fairness, ADeadDestinationCostsOneSlotUntilItAnswers)
{
    Slots slots(20);
    slots.wait("dead", "s", false, 100);
    slots.fill();
    for (int i = 0; i < 18; ++i) slots.end("dead/s", Outcome::unreachable);
    EXPECT_EQ(slots.fill(), Names{"dead/s"});
    EXPECT_TRUE(slots.fill().empty());
    slots.wait("b", "t", false, 3);
    EXPECT_EQ(slots.fill().size(), 3u);
    slots.end("dead/s", Outcome::unknown);
    EXPECT_EQ(slots.fill(), Names{"dead/s"});
    slots.end("dead/s", Outcome::answered);
    EXPECT_GE(slots.fill().size(), 10u);
}

TEST(Fairness, DeathIsForgottenAfterAnHour)
{
    Slots slots(20);
    slots.wait("dead", "s", false, 100);
    slots.fill();
    for (int i = 0; i < 18; ++i) slots.end("dead/s", Outcome::unreachable);
    slots.now = 3'599'999;
    EXPECT_EQ(slots.fill().size(), 1u);
    slots.end("dead/s", Outcome::unknown);
    slots.now = 3'600'000;
    EXPECT_EQ(slots.fill().size(), 18u);
}

TEST(Fairness, NewMailAndRetriesEachHaveAFourth)
{
    Slots slots(1);
    for (int i = 0; i < 100; ++i) {
        slots.wait("new" + std::to_string(i), "s");
        slots.wait("old" + std::to_string(i), "s", true);
    }
    int fresh = 0, retries = 0;
    for (int i = 0; i < 40; ++i) {
        const auto name = slots.fill().at(0);
        (name.starts_with("new") ? fresh : retries)++;
        slots.end(name);
    }
    EXPECT_EQ(fresh, 30);
    EXPECT_EQ(retries, 10);
}

TEST(Fairness, RetriesThatCannotStartDoNotHoldNewMail)
{
    Slots slots(8);
    slots.wait("dead", "s", true, 50);
    slots.fill();
    for (int i = 0; i < 7; ++i) slots.end("dead/s", Outcome::unreachable);
    slots.fill();
    slots.wait("a", "t", false, 3);
    slots.wait("b", "t", false, 3);
    EXPECT_EQ(slots.fill().size(), 6u);
}

TEST(Fairness, AFloodOfOneSenderToManyDestinationsLeavesSlotsToOthers)
{
    Slots slots(16);
    for (int i = 0; i < 5000; ++i) slots.wait("d" + std::to_string(i), "flood");
    EXPECT_EQ(slots.fill().size(), 14u);
    slots.wait("d4000", "single");   // stands in line behind him there
    slots.wait("other", "single");
    EXPECT_EQ(slots.fill().size(), 2u);
    EXPECT_EQ(slots.count()["d4000/single"], 1);
    // Everybody's turn comes.
    std::size_t ended = 0;
    for (; !slots.running.empty(); ++ended) {
        slots.end(slots.waiters[slots.running.front()].name);
        slots.fill();
    }
    EXPECT_EQ(ended, 5002u);
    EXPECT_EQ(slots.fairness.waiting(), 0u);
}

// Each delivery of the flood takes 20 minutes; a message of another sender comes every second.
TEST(Fairness, AFloodToASlowDestinationDelaysNobody)
{
    Slots slots(20);
    slots.wait("slow", "flood", false, 100'000);
    slots.fill();
    for (int second = 0; second < 3600; ++second) {
        slots.now += 1000;
        if (second % 1200 == 1199)
            for (auto left = slots.count()["slow/flood"]; left > 0; --left) slots.end("slow/flood");
        const auto destination = "d" + std::to_string(second % 7);
        slots.wait(destination, "single");
        slots.fill();
        EXPECT_EQ(slots.count()[destination + "/single"], 1) << second;
        slots.end(destination + "/single");
        slots.fill();
    }
}

TEST(Fairness, WhatIsAllowedBesideThoseWhoWait)
{
    Slots slots(8);
    const auto place = [](std::string destination, std::string sender) {
        return FairPlace{destination_key(queue::Channel::remote, "x@" + destination),
                         sender_key(sender), false};
    };
    slots.wait("a", "s", false, 4);
    slots.fill();
    EXPECT_TRUE(slots.fairness.is_allowed(place("a", "t"), 0));   // nobody else waits
    slots.wait("b", "u");
    EXPECT_FALSE(slots.fairness.is_allowed(place("a", "t"), 0));
    EXPECT_TRUE(slots.fairness.is_allowed(place("c", "t"), 0));
    EXPECT_TRUE(slots.fairness.is_ready(0));
    slots.fill();
    EXPECT_FALSE(slots.fairness.is_ready(0));
    // A slot that was not used counts no more.
    for (int i = 0; i < 3; ++i) slots.fairness.started(place("a", "t"));
    EXPECT_FALSE(slots.fairness.is_allowed(place("a", "v"), 0));
    slots.fairness.withdrawn(place("a", "t"));
    EXPECT_TRUE(slots.fairness.is_allowed(place("a", "v"), 0));
}

TEST(FairPlace, TheDestinationIsADomainOrAUser)
{
    const auto remote = [](auto a) { return destination_key(queue::Channel::remote, a); };
    const auto local = [](auto a) { return destination_key(queue::Channel::local, a); };
    EXPECT_EQ(remote("a@Far.example"), remote("\"b@c\"@far.EXAMPLE"));
    EXPECT_NE(remote("a@far.example"), remote("a@else.example"));
    EXPECT_EQ(local("ann@here.example"), local("Ann-lists@there.example"));
    EXPECT_NE(local("ann@here.example"), local("bob@here.example"));
    EXPECT_EQ(remote("nothing"), remote("nothing"));
}

TEST(FairPlace, WhatAReportSaysOfTheDestination)
{
    const auto remote = [](char letter, auto text) {
        return outcome_of(queue::Channel::remote, letter, text);
    };
    constexpr auto no_connection =
        "Sorry, I wasn't able to establish an SMTP connection. (#4.4.1)\n";
    EXPECT_EQ(remote('Z', no_connection), Outcome::unreachable);
    EXPECT_EQ(remote('K', "1.2.3.4 accepted message.\n"), Outcome::answered);
    EXPECT_EQ(remote('D', "no"), Outcome::answered);
    EXPECT_EQ(remote('Z', "Remote host said: 451 wait (#4.4.5)\n"), Outcome::answered);
    EXPECT_EQ(remote('Z', "System resources temporarily unavailable. (#4.3.0)\n"),
              Outcome::unknown);
    EXPECT_EQ(outcome_of(queue::Channel::local, 'Z', no_connection), Outcome::unknown);
}

// Who gets the one slot, 40 times.
std::map<std::string, int> in_a_row(Slots& slots)
{
    std::map<std::string, int> count;
    for (int i = 0; i < 40; ++i) {
        const auto names = slots.fill();
        EXPECT_EQ(names.size(), 1u);
        ++count[names.at(0)];
        slots.end(names[0]);
    }
    return count;
}

TEST(Priority, UrgentMailComesFirstAndLowMailLast)
{
    Slots slots(1);
    slots.wait("low", "s", false, 1, -3);
    slots.wait("old", "s", true);
    slots.wait("new", "s");
    slots.wait("urgent", "s", true, 1, 9);
    std::vector<std::string> order;
    for (int i = 0; i < 4; ++i) {
        order.push_back(slots.fill().at(0));
        slots.end(order.back());
    }
    EXPECT_EQ(order, (std::vector<std::string>{"urgent/s", "new/s", "old/s", "low/s"}));
}

TEST(Priority, NobodyWaitsForEver)
{
    Slots slots(1);
    slots.wait("urgent", "s", false, 100, 1);
    slots.wait("new", "s", false, 100);
    slots.wait("old", "s", true, 100);
    slots.wait("low", "s", false, 100, -1);
    const auto count = in_a_row(slots);
    EXPECT_GE(count.at("urgent/s"), 25);
    EXPECT_GE(count.at("new/s"), 2);
    EXPECT_GE(count.at("old/s"), 2);
    EXPECT_GE(count.at("low/s"), 2);
}

TEST(Priority, LowMailFromTodoYieldsToWhatWaits)
{
    Slots slots(4);
    const FairPlace low{1, 1, false, -1}, high{2, 2, false, 1};
    EXPECT_TRUE(slots.fairness.is_allowed(low, 0));
    slots.wait("new", "s");
    EXPECT_FALSE(slots.fairness.is_allowed(low, 0));
    EXPECT_TRUE(slots.fairness.is_allowed(high, 0));
}

}
}
