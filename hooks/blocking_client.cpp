#include "hooks/blocking_client.hpp"

#include "hooks/hookd_socket.hpp"
#include "hooks/policy_decision.hpp"
#include "hooks/wire/blocking_connection.hpp"
#include "hooks/wire/exchange.hpp"

#include <chrono>
#include <system_error>
#include <utility>

namespace grapnel::hooks {

namespace {

using Clock = std::chrono::steady_clock;

Result<Decision> ask(const std::string& home, Clock::time_point deadline, const Facts& facts,
                     int message, const AddPolicy& may_add)
{
    auto socket = connect_to_hookd(home);
    if (!socket) return temporary("qmail-hookd does not run");
    BlockingConnection call(std::move(*socket), deadline);
    call.send(wire::encode(wire::Request{facts, message >= 0, {}}), message);
    for (;;) {
        const auto frame = call.next_frame();
        if (!frame) return temporary("qmail-hookd hung up");
        auto step = take_frame(*frame, call.take_descriptors(), may_add);
        if (!step) return step.error();
        if (step->decision) return std::move(*step->decision);
        call.send(step->answer);
    }
}

}

Decision ask_and_wait(const std::string& home, const Subscriptions& subscriptions,
                      const Facts& facts, int message, const AddPolicy& may_add)
{
    Decision decision;
    decision.action = facts.action;
    if (!subscriptions.wants(facts.stage)) return decision;
    const auto deadline =
        Clock::now() + subscriptions.limits[static_cast<std::size_t>(facts.stage)];
    try {
        auto answer = ask(home, deadline, facts, message, may_add);
        if (answer && trouble_with(*answer, facts).empty()) return std::move(*answer);
        decision.reason = answer ? trouble_with(*answer, facts) : answer.error().text;
    } catch (const std::system_error& error) {
        decision.reason = error.what();
    }
    auto by_policy = decide_by(subscriptions.policy(facts.stage), facts.stage, facts.action);
    by_policy.reason = std::move(decision.reason);
    return by_policy;
}

}
