#include "hooks/answers.hpp"

#include "base/net/loop.hpp"

#include <stdexcept>
#include <utility>

namespace grapnel::hooks {

namespace {

DeliveryFacts deferred()
{
    return {DeliveryStatus::deferred,
            2,
            Response{451, "4.4.1", "no answer"},
            1'000'000'600,
            1'000'003'600,
            "remote"};
}

net::asio::awaitable<AddAnswer> answer(const std::map<std::string, AddAnswer>* policy,
                                       std::vector<std::string>* asked, std::string address)
{
    asked->push_back(address);
    co_await net::yield_turn();
    const auto known = policy->find(address);
    co_return known == policy->end() ? AddAnswer::no : known->second;
}

}

Facts facts_at(Stage stage)
{
    Facts facts;
    facts.stage = stage;
    facts.timestamp = 1'000'000'000'000;
    facts.server = {"mx.example.net", "198.51.100.7", 25};
    const bool outbound = direction(stage) == Direction::outbound;
    if (outbound)
        facts.action = Action::proceed;
    else
        facts.response = stage == Stage::connect ? Response{220, {}, "mx.example.net ESMTP"}
                                                 : Response{250, "2.0.0", "OK"};
    if (stage < Stage::mail) return facts;
    facts.queue = QueueFacts{"019ac3f2-6f00-7b1e-8c3d-0a1b2c3d4e5f", {}, 0};
    facts.envelope = EnvelopeFacts{{"ana@example.org", {{"SIZE", "210"}}}, {}};
    if (stage == Stage::mail) return facts;
    facts.envelope->to = {{"ben@example.net", {{"NOTIFY", "FAILURE"}}, {}},
                          {"cyd@example.net", {}, {}}};
    if (!outbound) return facts;
    facts.queue->expires_at = 1'000'004'600;
    for (auto& recipient : facts.envelope->to) recipient.delivery = deferred();
    return facts;
}

Message worked_message()
{
    return Message("Received: from a by b; Sun, 22 Nov 2026 08:00:00 +0000\n"
                   "DKIM-Signature: v=1; d=example.org; h=From:Subject; "
                   "c=simple/simple; bh=x; b=y\n"
                   "From: Ana <ana@example.org>\n"
                   "X-Spam: No\n"
                   "Subject: hello\n"
                   "X-Spam: Maybe\n"
                   "\n"
                   "Body, as it is.\n");
}

Answering::Answering(Stage stage) : facts(facts_at(stage))
{
    if (stage == Stage::data || stage == Stage::dsn) message = worked_message();
}

Applied Answering::operator()(std::string_view text)
{
    auto operations = decode_response(serialization, text);
    if (!operations) throw std::runtime_error(operations.error().text);
    Agreement agreement;
    agreement.may_change = agreement.may_change_outbound = pointers(may_change);
    agreement.actions = actions;
    const AnswerRules rules{std::make_shared<const Agreement>(agreement), may_downgrade,
                            relay_recipients,
                            [this](std::string address) {
                                if (while_asked) while_asked();
                                return answer(&policy, &asked, std::move(address));
                            },
                            deadline};
    Applied applied;
    net::run_until_done([&]() -> net::asio::awaitable<void> {
        applied = co_await apply_answer(operations->list, rules, facts, message);
    });
    return applied;
}

std::vector<Pointer> pointers(const std::vector<std::string>& texts)
{
    std::vector<Pointer> result;
    for (const auto& text : texts) result.push_back(Pointer::parse(text).value());
    return result;
}

std::string text_of(const Message& message)
{
    std::string text;
    Message::Reader reader(message);
    char room[1000];
    while (const auto count = reader.read(room, sizeof room)) text.append(room, count);
    return text;
}

std::vector<std::string> paths(const Applied& applied)
{
    std::vector<std::string> result;
    for (const auto& edit : applied.failed) result.push_back(edit.path);
    return result;
}

}
