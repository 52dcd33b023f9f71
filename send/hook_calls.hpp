// Questions to scanners beside everything else: some at a time, a bounded number waiting, and an
// end when qmail-send ends. A question that finds no room, or no time, has no answer; mail never
// waits for it.
#pragma once

#include "base/net/loop.hpp"
#include "hooks/client.hpp"
#include "send/agenda.hpp"
#include "send/log.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>

namespace grapnel::send {

class HookCalls {
public:
    using SubscriptionsNow = std::function<std::shared_ptr<const hooks::Subscriptions>()>;
    // changed is called when an answer has come.
    HookCalls(net::Executor executor, hooks::Client& client, SubscriptionsNow subscriptions,
              const Agenda& agenda, Log& log, std::function<void()> changed);

    bool wants(hooks::Stage stage) const { return subscriptions_()->wants(stage); }
    // Any of the stages of qmail-send.
    bool is_on() const;

    // answered is called once, by hand_out(). nullopt: nobody has answered.
    using Answered = std::function<void(std::optional<hooks::Decision>)>;
    void ask(hooks::Facts facts, Fd message, Answered answered);
    bool has_room() const { return running_.size() < at_once_; }

    // What has come since; `changed` said so.
    void hand_out();

    // What has not begun has no answer; what has is waited for, but not for long.
    void end();
    std::optional<Due> next_due() const;
    bool is_idle() const { return running_.empty() && waiting_.empty() && answers_.empty(); }

private:
    struct Question {
        hooks::Facts facts;
        Fd message;
        Answered answered;
        Due asked = 0;
    };

    void begin(Question question);
    boost::asio::awaitable<void> run(std::uint64_t number, hooks::Facts facts, Fd message);
    void finish(std::uint64_t number, std::optional<hooks::Decision> decision);
    void leave_unanswered(Answered answered);
    void begin_waiting();

    static constexpr std::size_t at_once_ = 64, most_waiting_ = 256;
    net::Executor executor_;
    hooks::Client& client_;
    SubscriptionsNow subscriptions_;
    const Agenda& agenda_;
    Log& log_;
    std::function<void()> changed_;
    std::map<std::uint64_t, Answered> running_;
    std::deque<Question> waiting_;
    std::uint64_t next_number_ = 0;
    struct Answer {
        Answered take;
        std::optional<hooks::Decision> decision;
    };
    std::deque<Answer> answers_;
    std::optional<Due> ends_;
    std::optional<Due> complained_;
};

}
