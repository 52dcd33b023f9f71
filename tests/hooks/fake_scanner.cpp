#include "hooks/fake_scanner.hpp"

#include "base/net/loop.hpp"

namespace grapnel::hooks {

FakeScanner::FakeScanner(std::string name)
{
    configured.name = std::move(name);
    for (const auto stage : all_stages) configured.stages.add(stage);
    agreed.id = "r-" + configured.name;
    agreed.stages = configured.stages;
    agreed.inbound = all_properties(Direction::inbound);
    agreed.outbound = all_properties(Direction::outbound);
    agreed.may_change = agreed.may_change_outbound = {Pointer()};
    agreed.actions = {Action::accept,     Action::quarantine, Action::reject, Action::discard,
                      Action::disconnect, Action::proceed,    Action::cancel};
    says_nothing();
}

std::shared_ptr<const Agreement> FakeScanner::agreement() const
{
    return registered ? std::make_shared<const Agreement>(agreed) : nullptr;
}

net::asio::awaitable<CallOutcome> FakeScanner::call(Stage, std::uint64_t message_size,
                                                    MakeBody body, std::chrono::milliseconds limit)
{
    sizes.push_back(message_size);
    limits.push_back(limit);
    const auto made = body(agreed);
    RequestBody::Reader reader(*made);
    std::string text;
    char room[4096];
    while (const auto count = reader.read(room, sizeof room)) text.append(room, count);
    requests.push_back(decode(Serialization::json, text).value().as_object());
    if (while_asked) while_asked();
    co_await net::yield_turn();
    auto outcome = outcome_;
    outcome.agreement = agreement();
    co_return outcome;
}

void FakeScanner::answers(std::string json)
{
    ends(CallOutcome::Kind::answer, "");
    outcome_.answer = std::move(json);
    outcome_.status = 200;
}

void FakeScanner::says_nothing()
{
    ends(CallOutcome::Kind::no_change, "");
    outcome_.status = 204;
}

void FakeScanner::ends(CallOutcome::Kind kind, std::string why)
{
    outcome_ = {};
    outcome_.kind = kind;
    outcome_.why = std::move(why);
    outcome_.request_id = "q-" + configured.name;
    outcome_.attempts = 1;
    outcome_.took = std::chrono::milliseconds(7);
}

}
