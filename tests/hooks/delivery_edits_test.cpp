#include "hooks/answers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

using namespace grapnel::hooks;
using testing::ElementsAre;
using testing::IsEmpty;

namespace {

std::string set(const std::string& member, const std::string& value)
{
    return R"({"set":[{"path":"/envelope/to/0/)" + member + R"(","value":)" + value + "}]}";
}

DeliveryFacts first(const Applied& applied) { return *applied.facts.envelope->to.at(0).delivery; }

using Change = std::pair<DeliveryStatus, DeliveryStatus>;
using enum DeliveryStatus;

// mta-hooks 13.3, C63: every pair. Other words fail, too.
TEST(Status, ChangesOnlyAsTheTableSays)
{
    const std::vector<Change> possible{{deferred, failed},
                                       {deferred, failed_silent},
                                       {deferred, delivered},
                                       {failed, failed_silent},
                                       {failed, deferred},
                                       {pending, failed},
                                       {pending, failed_silent},
                                       {pending, deferred},
                                       // what it is already:
                                       {deferred, deferred},
                                       {failed, failed},
                                       {failed_silent, failed_silent}};
    const std::vector<DeliveryStatus> all{pending, delivered, deferred, failed, failed_silent};
    Answering at_delivery(Stage::delivery);
    auto& status = at_delivery.facts.envelope->to[0].delivery->status;
    for (const auto from : all)
        for (const auto to : all) {
            status = from;
            const auto applied = at_delivery(set("status", '"' + std::string(name(to)) + '"'));
            const bool may =
                std::find(possible.begin(), possible.end(), Change{from, to}) != possible.end();
            EXPECT_EQ(applied.failed.empty(), may) << name(from) << " to " << name(to);
            EXPECT_EQ(first(applied).status, may ? to : from);
        }
    status = deferred;
    for (const auto* const word : {"\"gone\"", "\"\"", "null", "1", "\"Failed\""})
        EXPECT_EQ(at_delivery(set("status", word)).failed.size(), 1U) << word;
}

// The retry period ends 4600 s from now.
TEST(NextAttempt, IsHeldWithinAMinuteAndTheEndOfTheRetryPeriod)
{
    Answering at_defer(Stage::defer);
    const std::map<std::string, std::int64_t> clamped{{"2001-09-09T01:46:40Z", 1'000'000'060},
                                                      {"1970-01-01T00:00:00Z", 1'000'000'060},
                                                      {"2001-09-09T02:00:00.999Z", 1'000'000'800},
                                                      {"2001-09-09T03:03:20Z", 1'000'004'600},
                                                      {"9999-12-31T23:59:59Z", 1'000'004'600}};
    for (const auto& [date, seconds] : clamped) {
        EXPECT_EQ(first(at_defer(set("nextAttemptAt", '"' + date + '"'))).next_attempt_at, seconds)
            << date;
        EXPECT_EQ(first(at_defer(set("nextDsnAt", '"' + date + '"'))).next_dsn_at, seconds) << date;
    }
    at_defer.facts.queue->expires_at = 1'000'000'010;
    EXPECT_EQ(first(at_defer(set("nextAttemptAt", R"("2001-09-09T02:00:00Z")"))).next_attempt_at,
              1'000'000'010);
}

TEST(NextAttempt, IsADate)
{
    Answering at_defer(Stage::defer);
    for (const auto* const value : {"null", "1000000800", "\"\"", "\"2001-09-09\"",
                                    "\"2001-02-30T00:00:00Z\"", "\"2001-09-09T02:00:00+00:00\"",
                                    "\"2001-09-09T02:00:00z\"", "\"10000-01-01T00:00:00Z\""}) {
        const auto applied = at_defer(set("nextAttemptAt", value));
        EXPECT_EQ(applied.failed.size(), 1U) << value;
        EXPECT_EQ(applied.facts, at_defer.facts) << value;
    }
}

TEST(NextAttempt, IsOnlyForARecipientThatEndsAsDeferred)
{
    Answering at_delivery(Stage::delivery);
    auto& delivery = *at_delivery.facts.envelope->to[0].delivery;
    const auto edit = [](const std::string& status) {
        return R"({"set":[{"path":"/envelope/to/0/nextAttemptAt","value":"2001-09-09T02:00:00Z"},
                          {"path":"/envelope/to/0/status","value":")" +
               status + "\"}]}";
    };
    const auto given_up = at_delivery(edit("failed"));
    EXPECT_THAT(paths(given_up), ElementsAre("/envelope/to/0/nextAttemptAt"));
    EXPECT_EQ(given_up.applied, 1U);
    EXPECT_EQ(first(given_up).next_attempt_at, delivery.next_attempt_at);
    delivery.status = failed;
    const auto again = at_delivery(edit("deferred"));
    EXPECT_THAT(again.failed, IsEmpty());
    EXPECT_EQ(first(again).next_attempt_at, 1'000'000'800);
    const auto alone = at_delivery(set("nextAttemptAt", R"("2001-09-09T02:00:00Z")"));
    EXPECT_EQ(alone.failed.size(), 1U);
}

TEST(NextDsn, NullAndDeletedMeanNever)
{
    Answering at_defer(Stage::defer);
    EXPECT_EQ(first(at_defer(set("nextDsnAt", "null"))).next_dsn_at, std::nullopt);
    EXPECT_EQ(first(at_defer(R"({"delete":[{"path":"/envelope/to/0/nextDsnAt"}]})")).next_dsn_at,
              std::nullopt);
}

// Status edits before a cancel count (13.4); those of an invalid answer do not.
TEST(Cancel, KeepsTheStatusEditsOfItsAnswer)
{
    Answering at_delivery(Stage::delivery);
    at_delivery.facts.envelope->to[0].delivery->status = failed;
    const auto applied = at_delivery(
        R"({"set":[{"path":"/action","value":"cancel"},{"path":"/envelope/to/0/status","value":"failed-silent"}]})");
    EXPECT_EQ(applied.facts.action, Action::cancel);
    EXPECT_EQ(first(applied).status, failed_silent);
}

TEST(Outbound, TakesOnlyItsOwnActions)
{
    Answering at_delivery(Stage::delivery);
    for (const auto* const action : {"accept", "quarantine", "reject", "discard", "disconnect"})
        EXPECT_EQ(
            at_delivery(R"({"set":[{"path":"/action","value":")" + std::string(action) + "\"}]}")
                .verdict,
            Applied::Verdict::malformed)
            << action;
    EXPECT_EQ(at_delivery(R"({"set":[{"path":"/action","value":"continue"}]})").verdict,
              Applied::Verdict::done);
}

}
