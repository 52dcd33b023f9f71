// The built qmail-hookd in a home of its own, asked as qmail-inject asks it.
#pragma once

#include "base/sys/memory_file.hpp"
#include "hooks/blocking_client.hpp"
#include "support/process.hpp"
#include "support/temp_home.hpp"
#include "support/wait.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::test {

inline hooks::Facts facts_of(hooks::Stage stage)
{
    hooks::Facts facts;
    facts.stage = stage;
    facts.timestamp = 1'795'335'330'120;
    facts.response = hooks::Response{250, "2.0.0", "ok"};
    facts.envelope = hooks::EnvelopeFacts{{"ana@example.org", {}}, {{"ben@here.example", {}, {}}}};
    facts.queue = hooks::QueueFacts{"019ac3f2-6f00-7b1e-8c3d-0a1b2c3d4e5f", {}, 0};
    facts.server = {"here.example", "127.0.0.1", 25};
    facts.client = hooks::ClientFacts{"192.0.2.1", 1025, "a.example", "a.example", 1};
    return facts;
}

class HookdLab : public ::testing::Test {
protected:
    TempHome home;
    std::optional<Process> hookd;

    void start()
    {
        hookd.emplace(
            Launch{.argv = {home.program("qmail-hookd")}, .environment = home.environment()});
    }
    const std::string& log()
    {
        hookd->wait_for_output("(nothing)", milliseconds(5));
        return hookd->errors();
    }
    bool says(std::string_view text)
    {
        return wait_until([&] { return log().find(text) != std::string::npos; });
    }
    hooks::Decision ask(const hooks::Facts& facts, std::string_view message = {})
    {
        const auto subscriptions = hooks::read_subscriptions(home / "control");
        const Fd file = message.empty() ? Fd() : sealed_file(message);
        return hooks::ask_and_wait(home.path(), subscriptions, facts, file.get(), {});
    }
    Finished tool(std::vector<std::string> words, std::string_view input = {})
    {
        words.insert(words.begin(), home.program("qmail-hooks"));
        return run({.argv = words, .environment = home.environment()}, input);
    }
};

}
