#include "hooks/chain_lab.hpp"

#include "base/net/loop.hpp"
#include "hooks/answers.hpp"

#include <unistd.h>

namespace grapnel::hooks {

FakeScanner& HookChain::scanner(const std::string& name)
{
    scanners.push_back(std::make_shared<FakeScanner>(name));
    return *scanners.back();
}

Decision HookChain::run(Stage stage) { return run(facts_at(stage)); }

Decision HookChain::run(const Facts& facts)
{
    ChainSurroundings around;
    for (const auto& one : scanners) around.scanners.push_back(one);
    around.spool = spool;
    around.metrics = metrics;
    around.log = [this](std::string_view line) { log.emplace_back(line); };
    around.steady = [this] { return clock; };
    std::optional<Message> message;
    if (has_message(facts.stage))
        message = message_text.empty() ? worked_message() : Message(message_text);
    Decision decision;
    net::run_until_done([&]() -> net::asio::awaitable<void> {
        decision = co_await run_chain(around, facts, message);
    });
    return decision;
}

std::string set(const std::string& path, const std::string& value)
{
    return R"({"set":[{"path":")" + path + R"(","value":)" + value + "}]}";
}

std::string act(const std::string& action) { return set("/action", '"' + action + '"'); }

std::string content(const Decision& decision)
{
    std::string text(decision.size, '\0');
    const auto count = ::pread(decision.message.get(), text.data(), text.size(), 0);
    return count == static_cast<ssize_t>(text.size()) ? text : "cannot be read";
}

}
