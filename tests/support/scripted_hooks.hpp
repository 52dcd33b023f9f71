// hooks::Client whose decisions a test sets: no qmail-hookd, no sockets. What it was asked is kept.
//
//     ScriptedHooks hooks;
//     hooks.refuse(hooks::Stage::rcpt, {550, "5.7.1", "not today"});
//     hooks.answers[hooks::Stage::data] = [](const auto& facts, const auto&) { … };
#pragma once

#include "base/net/loop.hpp"
#include "base/net/timer.hpp"
#include "base/sys/file.hpp"
#include "base/sys/memory_file.hpp"
#include "hooks/client.hpp"

#include <unistd.h>

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace grapnel::test {

class ScriptedHooks final : public hooks::Client {
public:
    using Answer =
        std::function<hooks::Decision(const hooks::Facts& facts, const hooks::AddPolicy& may_add)>;
    struct Asked {
        hooks::Facts facts;
        std::string message;   // LF line ends
    };

    std::map<hooks::Stage, Answer> answers;   // a stage without one: nothing changes
    std::vector<Asked> asked;
    std::set<hooks::Stage> held;   // whose answers wait for release()
    std::size_t taken_back = 0;    // calls that were cancelled while they waited

    void decide(hooks::Stage stage, hooks::Action action)
    {
        answers[stage] = [action](const hooks::Facts&, const hooks::AddPolicy&) {
            hooks::Decision decision;
            decision.action = action;
            decision.scanner = "scripted";
            return decision;
        };
    }
    void refuse(hooks::Stage stage, hooks::Response response,
                hooks::Action action = hooks::Action::reject)
    {
        answers[stage] = [=](const hooks::Facts&, const hooks::AddPolicy&) {
            hooks::Decision decision;
            decision.action = action;
            decision.response = response;
            decision.scanner = "scripted";
            return decision;
        };
    }
    // The message becomes this text (LF line ends).
    static void change(hooks::Decision& decision, std::string_view text)
    {
        decision.message = sealed_file(text);
        decision.size = text.size();
    }
    void release()
    {
        held.clear();
        for (auto* gate : gates_) gate->call();
    }
    std::size_t count(hooks::Stage stage) const
    {
        std::size_t result = 0;
        for (const auto& one : asked) result += one.facts.stage == stage ? 1 : 0;
        return result;
    }

    boost::asio::awaitable<hooks::Decision> ask(hooks::Facts facts, int message,
                                                hooks::AddPolicy may_add) override
    {
        asked.push_back({facts, text_of(message)});
        if (held.contains(facts.stage)) {
            const auto executor = co_await net::this_executor();
            net::Timer gate(executor);
            Waiting waiting(*this, gate);
            co_await gate.wait();
            waiting.answered = true;
        }
        hooks::Decision decision;
        decision.action = facts.action;
        const auto found = answers.find(facts.stage);
        if (found != answers.end()) decision = found->second(facts, may_add);
        co_return decision;
    }

private:
    struct Waiting {
        Waiting(ScriptedHooks& hooks, net::Timer& timer) : owner(hooks), gate(&timer)
        {
            owner.gates_.insert(gate);
        }
        ~Waiting()
        {
            owner.gates_.erase(gate);
            if (!answered) ++owner.taken_back;
        }
        ScriptedHooks& owner;
        net::Timer* gate;
        bool answered = false;
    };

    static std::string text_of(int message)
    {
        std::string text;
        if (message < 0) return text;
        text.resize(static_cast<std::size_t>(status(message).st_size));
        const auto size = ::pread(message, text.data(), text.size(), 0);
        text.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
        return text;
    }

    std::set<net::Timer*> gates_;
};

}
