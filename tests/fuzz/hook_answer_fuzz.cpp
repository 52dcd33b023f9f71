// Answers of a hostile scanner, made of the input's octets out of everything that can be edited: at
// every stage the result is one that qmail-smtpd or qmail-send may be given.
#include "base/net/loop.hpp"
#include "base/text.hpp"
#include "fuzz/require.hpp"
#include "hooks/chain/chain_decision.hpp"
#include "hooks/edits/apply.hpp"
#include "hooks/values/mailbox.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace grapnel;
using namespace grapnel::hooks;

namespace {

constexpr std::array<std::string_view, 30> paths{"/action",
                                                 "/response",
                                                 "/response/code",
                                                 "/response/enhancedCode",
                                                 "/response/message",
                                                 "/envelope/from",
                                                 "/envelope/from/address",
                                                 "/envelope/from/parameters",
                                                 "/envelope/from/parameters/RET",
                                                 "/envelope/to",
                                                 "/envelope/to/-",
                                                 "/envelope/to/0",
                                                 "/envelope/to/1",
                                                 "/envelope/to/2",
                                                 "/envelope/to/0/address",
                                                 "/envelope/to/1/address",
                                                 "/envelope/to/1/parameters/NOTIFY",
                                                 "/envelope/to/0/parameters",
                                                 "/envelope/to/0/status",
                                                 "/envelope/to/1/status",
                                                 "/envelope/to/0/nextAttemptAt",
                                                 "/envelope/to/0/nextDsnAt",
                                                 "/message",
                                                 "/message/headers",
                                                 "/message/headers/0",
                                                 "/message/headers/0/value",
                                                 "/message/subject",
                                                 "/message/bodyValues/1/value",
                                                 "/rawMessage",
                                                 "/client/ip"};
constexpr std::array<std::string_view, 32> values{
    "null",
    "7",
    "250",
    "451",
    "550",
    "421",
    R"("accept")",
    R"("quarantine")",
    R"("reject")",
    R"("continue")",
    R"("cancel")",
    R"("discard")",
    R"("a\r\nb")",
    R"("5.7.1")",
    R"("text")",
    R"("eve@example.net")",
    R"("far@example.org")",
    R"("no@example.net")",
    R"({"address":"eve@example.net"})",
    R"({"address":"ben@EXAMPLE.net","parameters":{"NOTIFY":"NEVER"}})",
    R"({"address":null})",
    R"([{"address":"eve@example.net"},{"address":"ben@example.net"}])",
    "[]",
    R"("failed")",
    R"("deferred")",
    R"("failed-silent")",
    R"("delivered")",
    R"("2001-09-09T02:00:00Z")",
    R"({"name":"X","value":"y"})",
    R"({"code":451,"message":"later"})",
    R"("QTogYg0KDQpjDQo=")",
    R"({"NOTIFY":"DELAY"})"};

Facts facts_at(Stage stage)
{
    Facts facts;
    facts.stage = stage;
    facts.timestamp = 1'000'000'000'000;
    const bool outbound = direction(stage) == Direction::outbound;
    facts.action = outbound ? Action::proceed : Action::accept;
    if (!outbound) facts.response = Response{stage == Stage::connect ? 220 : 250, {}, "ours"};
    if (stage < Stage::mail) return facts;
    facts.queue = QueueFacts{"id", 1'000'004'600, 1};
    facts.envelope = EnvelopeFacts{{"ana@example.org", {{"SIZE", "9"}}}, {}};
    if (stage == Stage::mail) return facts;
    facts.envelope->to = {{"ben@example.net", {}, {}}, {"cyd@example.net", {}, {}}};
    if (!outbound) return facts;
    facts.envelope->to[0].delivery = {DeliveryStatus::deferred, 1, {}, 1'000'000'600, {}, "remote"};
    facts.envelope->to[1].delivery = {DeliveryStatus::failed, 1, {}, {}, {}, "remote"};
    return facts;
}

std::vector<Operation> operations(std::string_view octets)
{
    std::vector<Operation> list;
    while (octets.size() >= 3 && list.size() < 60) {
        const auto octet = [&](std::size_t n) { return static_cast<unsigned char>(octets[n]); };
        Operation operation;
        operation.kind = static_cast<OperationKind>(octet(0) % 3);
        // Outside what may be changed nothing else would be looked at: seldom.
        const bool seldom = octet(0) >= 250;
        operation.path =
            Pointer::parse(paths[octet(1) % (paths.size() - (seldom ? 0 : 1))]).value();
        operation.value = decode(Serialization::json, values[octet(2) % values.size()]).value();
        if (octet(0) % 7 == 0) operation.index = octet(0) % 4;
        list.push_back(std::move(operation));
        octets.remove_prefix(3);
    }
    return list;
}

net::asio::awaitable<AddAnswer> may_add(std::string address)
{
    require(is_mailbox(address, false));
    co_return address.starts_with("no") ? AddAnswer::no
    : address.starts_with("far")        ? AddAnswer::foreign
                                        : AddAnswer::yes;
}

void check_reply(const Decision& decision)
{
    const bool refuses = decision.action == Action::reject || decision.action == Action::disconnect;
    if (refuses) require(decision.response && decision.response->code >= 400);
    if (!decision.response) return;
    const auto& [code, enhanced, message] = *decision.response;
    require(refuses ? code <= 599 : code == 250 || code == 220);
    if (decision.action == Action::reject) require(code != 421);
    if (enhanced) require(enhanced->starts_with(std::to_string(code / 100) + "."));
    require(message.size() <= 450 &&
            std::all_of(message.begin(), message.end(), [](char c) { return c >= 32 && c < 127; }));
}

void check(const Facts& before, const Decision& decision)
{
    require(direction(decision.action) == direction(before.stage));
    if (direction(before.stage) == Direction::outbound) require(!decision.response);
    check_reply(decision);
    if (decision.from)
        require(decision.from->address.empty() || is_mailbox(decision.from->address, false));
    std::vector<std::string> keys;
    for (const auto& recipient : decision.to.value_or(std::vector<Recipient>())) {
        require(is_mailbox(recipient.address, false) && !recipient.address.starts_with("far") &&
                !recipient.address.starts_with("no"));
        keys.push_back(mailbox_key(recipient.address));
    }
    std::sort(keys.begin(), keys.end());
    require(std::adjacent_find(keys.begin(), keys.end()) == keys.end());
    if (decision.to) require(!keys.empty());
    if (before.stage == Stage::rcpt && decision.to) require(keys.size() == 2);
    for (const auto& change : decision.recipients) {
        require(change.index < before.envelope->to.size());
        if (change.next_attempt_at)
            require(*change.next_attempt_at >= 1'000'000'060 &&
                    *change.next_attempt_at <= 1'000'004'600);
    }
}

net::asio::awaitable<void> answer(std::vector<Operation> list, AnswerRules rules, Facts before,
                                  std::optional<Message> message)
{
    const auto count = list.size();
    auto applied = co_await apply_answer(std::move(list), std::move(rules), before, message);
    if (applied.verdict != Applied::Verdict::done) co_return;
    require(applied.applied + applied.failed.size() <= count + 1);
    Course course(before, message);
    course.take("fuzz", std::move(applied));
    check(before, course.decision("/nonexistent"));
}

}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size == 0) return 0;
    const auto stage = all_stages[data[0] % stage_count];
    auto list = operations({reinterpret_cast<const char*>(data) + 1, size - 1});
    const auto before = facts_at(stage);
    std::optional<Message> message;
    if (has_message(stage)) message = Message(std::string("Subject: x\nX-A: b\n\nbody\n"));
    Agreement agreement;
    for (const auto* const path : {"/action", "/response", "/envelope", "/message", "/rawMessage"})
        agreement.may_change.push_back(Pointer::parse(path).value());
    agreement.may_change_outbound = agreement.may_change;
    for (auto n = Action::accept; n <= Action::cancel;
         n = static_cast<Action>(static_cast<int>(n) + 1))
        if (direction(n) == direction(stage)) agreement.actions.push_back(n);
    const AnswerRules rules{std::make_shared<const Agreement>(agreement), false, false, may_add};
    net::run_until_done([&] { return answer(list, rules, before, message); });
    return 0;
}
