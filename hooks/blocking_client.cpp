#include "hooks/blocking_client.hpp"

#include "base/sys/error.hpp"
#include "base/sys/file.hpp"
#include "base/sys/memory_file.hpp"
#include "hooks/hookd_socket.hpp"
#include "hooks/policy_decision.hpp"
#include "hooks/wire/blocking_connection.hpp"
#include "hooks/wire/exchange.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <system_error>
#include <utility>

namespace grapnel::hooks {

namespace {

using Clock = std::chrono::steady_clock;

// What is not sealed is sent in pieces, as qmail-hookd could not trust it.
void send_request(BlockingConnection& call, const Facts& facts, int message)
{
    wire::Request request{facts, message >= 0, {}, 0};
    if (message < 0 || is_sealed(message)) return call.send(wire::encode(request), message);
    request.following = static_cast<std::uint64_t>(status(message, "a message").st_size);
    call.send(wire::encode(request));
    std::string piece(65536, '\0');
    for (std::uint64_t at = 0; at < request.following;) {
        const auto wanted = std::min<std::uint64_t>(piece.size(), request.following - at);
        const auto got = ::pread(message, piece.data(), wanted, static_cast<off_t>(at));
        if (got < 0) throw_errno("unable to read a message");
        if (got == 0) throw_error(EIO, "unable to read all of a message");
        call.send(std::string_view(piece).substr(0, static_cast<std::size_t>(got)));
        at += static_cast<std::uint64_t>(got);
    }
}

Result<Decision> ask(const std::string& home, Clock::time_point deadline, const Facts& facts,
                     int message, const AddPolicy& may_add)
{
    auto socket = connect_to_hookd(home);
    if (!socket) return temporary("qmail-hookd does not run");
    BlockingConnection call(std::move(*socket), deadline);
    send_request(call, facts, message);
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
