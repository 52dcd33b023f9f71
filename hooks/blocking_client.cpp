#include "hooks/blocking_client.hpp"

#include "base/sys/error.hpp"
#include "base/sys/passing.hpp"
#include "hooks/exchange.hpp"
#include "hooks/hookd_socket.hpp"
#include "hooks/policy_decision.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <memory>
#include <system_error>
#include <utility>

namespace grapnel::hooks {

namespace {

using Clock = std::chrono::steady_clock;

class Call {
public:
    Call(Fd socket, Clock::time_point deadline) : socket_(std::move(socket)), deadline_(deadline) {}

    void send(std::string_view bytes, int descriptor = -1)
    {
        while (!bytes.empty()) {
            const std::span<const int> beside(&descriptor, descriptor < 0 ? 0 : 1);
            const auto put = send_with(socket_.get(), bytes, beside, MSG_DONTWAIT);
            if (put < 0 && errno != EAGAIN) throw_errno("unable to send");
            if (put < 0) {
                wait(POLLOUT);
                continue;
            }
            bytes.remove_prefix(static_cast<std::size_t>(put));
            descriptor = -1;
        }
    }

    std::optional<std::string> next_frame()
    {
        for (;;) {
            rest_.erase(0, frames_.add(rest_));
            if (auto frame = frames_.take()) return frame;
            if (frames_.is_too_long() || !receive()) return std::nullopt;
        }
    }

    std::vector<Fd> take_descriptors() { return std::exchange(descriptors_, {}); }

private:
    bool receive()
    {
        constexpr std::size_t size = 65536;
        if (!room_) room_ = std::make_unique<char[]>(size);
        for (;;) {
            auto arrived = receive_with(socket_.get(), room_.get(), size, MSG_DONTWAIT);
            if (arrived.size < 0 && errno != EAGAIN) throw_errno("unable to receive");
            if (arrived.size < 0) {
                wait(POLLIN);
                continue;
            }
            rest_.append(room_.get(), static_cast<std::size_t>(arrived.size));
            std::move(arrived.descriptors.begin(), arrived.descriptors.end(),
                      std::back_inserter(descriptors_));
            if (descriptors_.size() > most_passed_descriptors)
                throw_error(EPROTO, "unable to receive");
            return arrived.size > 0;
        }
    }

    void wait(short event) const
    {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - Clock::now()).count();
        if (left <= 0) throw_error(ETIMEDOUT, "unable to wait");
        pollfd watched{socket_.get(), event, 0};
        ::poll(&watched, 1, static_cast<int>(left) + 1);
    }

    Fd socket_;
    Clock::time_point deadline_;
    wire::FrameBuffer frames_;
    std::string rest_;
    std::unique_ptr<char[]> room_;
    std::vector<Fd> descriptors_;
};

Result<Decision> ask(const std::string& home, Clock::time_point deadline, const Facts& facts,
                     int message, const AddPolicy& may_add)
{
    auto socket = connect_to_hookd(home);
    if (!socket) return temporary("qmail-hookd does not run");
    Call call(std::move(*socket), deadline);
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
