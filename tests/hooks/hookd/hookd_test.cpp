// qmail-hookd as built, with the example scanner and real clients.
#include "base/net/loop.hpp"
#include "base/sys/file.hpp"
#include "base/sys/limits.hpp"
#include "base/sys/memory_file.hpp"
#include "base/sys/passing.hpp"
#include "base/sys/spawn.hpp"
#include "hooks/client.hpp"
#include "hooks/hookd/hookd_lab.hpp"
#include "hooks/hookd_socket.hpp"
#include "hooks/values/base64.hpp"
#include "hooks/wire/wire.hpp"
#include "support/example_scanner.hpp"
#include "support/instance.hpp"
#include "support/wait.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

namespace grapnel::test {

using hooks::Action;
using hooks::Stage;

namespace {

using Hookd = HookdLab;

std::string text_of(const hooks::Decision& decision)
{
    return read_file("/proc/self/fd/" + std::to_string(decision.message.get()), 10000);
}

}

TEST_F(Hookd, AScannerTagsRefusesHoldsAndDrops)
{
    ExampleScanner scanner;
    scanner.configure(home, "10-example", "rcpt data delivery");
    start();
    ASSERT_TRUE(says("registered as")) << hookd->errors();
    const auto tagged = ask(facts_of(Stage::data), "From: a@b\nSubject: x\n\nhi\n");
    EXPECT_EQ(tagged.action, Action::accept);
    EXPECT_EQ(text_of(tagged), "X-Scanned: by example; queue=019ac3f2-6f00-7b1e-8c3d-0a1b2c3d4e5f\n"
                               "From: a@b\nSubject: x\n\nhi\n");
    EXPECT_EQ(ask(facts_of(Stage::data), "Subject: [spam]\n\n").action, Action::quarantine);
    EXPECT_EQ(ask(facts_of(Stage::data), "Subject: [drop]\n\n").action, Action::discard);
    const auto virus = ask(facts_of(Stage::data), "Subject: [virus]\n\n");
    EXPECT_EQ(virus.action, Action::reject);
    EXPECT_EQ(virus.response->code, 550);
    EXPECT_EQ(virus.scanner, "10-example");
    EXPECT_EQ(ask(facts_of(Stage::rcpt)).action, Action::accept);
    auto facts = facts_of(Stage::rcpt);
    facts.envelope->to[0].address = "refused@here.example";
    EXPECT_EQ(ask(facts).response->message, "This scanner refuses you");
    hookd->kill(SIGTERM);
    EXPECT_EQ(hookd->wait()->code, 0);
    EXPECT_TRUE(scanner.wait_for("deregistered"));
}

TEST_F(Hookd, WhatBecomesOfMailIsToldToTheScanner)
{
    ExampleScanner scanner;
    scanner.configure(home, "10-example", "delivery");
    start();
    ASSERT_TRUE(says("registered as")) << hookd->errors();
    auto facts = facts_of(Stage::delivery);
    facts.action = Action::proceed;
    facts.envelope->to[0].delivery =
        hooks::DeliveryFacts{hooks::DeliveryStatus::deferred, 1, hooks::Response{451, {}, "later"}};
    EXPECT_EQ(ask(facts, "Subject: x\n\n").action, Action::proceed);
    EXPECT_TRUE(scanner.wait_for("ben@here.example deferred (451 later)")) << scanner.output();
}

TEST_F(Hookd, WhereItIsKilledInTheMiddleOfACallThePolicyDecides)
{
    ExampleScanner scanner({"--seconds", "60"});
    scanner.configure(home, "10-example", "data");
    start();
    ASSERT_TRUE(says("registered as")) << hookd->errors();
    std::thread killer([&] {
        wait_until([&] { return tool({"list"}).output.find("in flight: 1") != std::string::npos; });
        hookd->kill(SIGKILL);
    });
    const auto decision = ask(facts_of(Stage::data), "Subject: x\n\n");
    killer.join();
    EXPECT_EQ(decision.action, Action::reject);
    EXPECT_EQ(decision.response->code, 451);
}

TEST_F(Hookd, ACallOfWhoHasLeftIsDropped)
{
    ExampleScanner scanner({"--seconds", "60"});
    scanner.configure(home, "10-example", "data");
    start();
    ASSERT_TRUE(says("registered as")) << hookd->errors();
    {
        auto socket = hooks::connect_to_hookd(home.path());
        ASSERT_TRUE(socket);
        const Fd message = sealed_file("Subject: x\n\n");
        const int number = message.get();
        const auto frame =
            hooks::wire::encode(hooks::wire::Request{facts_of(Stage::data), true, {}});
        ASSERT_EQ(send_with(socket->get(), frame, {&number, 1}, 0),
                  static_cast<ssize_t>(frame.size()));
        ASSERT_TRUE(wait_until(
            [&] { return tool({"list"}).output.find("in flight: 1") != std::string::npos; }));
    }
    EXPECT_TRUE(wait_until(
        [&] { return tool({"list"}).output.find("in flight: 0") != std::string::npos; }));
}

namespace {

boost::asio::awaitable<void> ask_one(hooks::Client& client, hooks::Facts facts, int message,
                                     std::size_t& good)
{
    auto decision = co_await client.ask(std::move(facts), message, {});
    if (decision.action == Action::accept && decision.message) ++good;
}

}

TEST_F(Hookd, AThousandCallsThatWaitNeedNoThreads)
{
    raise_ourselves(Limit::descriptors, 4096);
    constexpr std::size_t calls = 1000;
    ExampleScanner scanner({"--seconds", "2"});
    scanner.configure(home, "10-example", "data",
                      {{"max-inflight", "250"}, {"max-connections", "250"}, {"timeout", "60"}});
    start();
    ASSERT_TRUE(says("registered as")) << hookd->errors();
    net::Loop loop;
    const auto subscriptions =
        std::make_shared<const hooks::Subscriptions>(hooks::read_subscriptions(home / "control"));
    const auto client =
        hooks::make_client(loop.executor(), home.path(), [&] { return subscriptions; }, {});
    const Fd message = sealed_file("Subject: x\n\n");
    std::size_t good = 0, ended = 0, most_threads = 0;
    const std::string tasks = "/proc/" + std::to_string(hookd->pid()) + "/task";
    const auto look = [&] {
        const auto now = list_directory(tasks).size();
        most_threads = std::max(most_threads, now);
    };
    for (std::size_t n = 0; n < calls; ++n)
        net::start(loop.executor(), ask_one(*client, facts_of(Stage::data), message.get(), good),
                   [&](std::exception_ptr) {
                       look();
                       if (++ended == calls) loop.stop();
                   });
    loop.run();
    EXPECT_EQ(good, calls);
    EXPECT_GT(most_threads, 0u);
    EXPECT_LT(most_threads, 20u);
}

TEST_F(Hookd, ScannersComeAndGoWithTheirDirectories)
{
    ExampleScanner scanner;
    scanner.configure(home, "10-example", "rcpt");
    start();
    ASSERT_TRUE(says("registered as")) << hookd->errors();
    scanner.configure(home, "20-more", "rcpt");
    hookd->kill(SIGHUP);
    EXPECT_TRUE(says("hooks 20-more: registered as")) << hookd->errors();
    std::filesystem::remove_all(home / "control/hooks/20-more");
    EXPECT_EQ(tool({"reload"}).ending.code, 0);
    EXPECT_TRUE(says("scanner 20-more removed")) << hookd->errors();
    EXPECT_TRUE(scanner.wait_for("deregistered")) << scanner.output();
    home.write("control/hooks/10-example/nonsense", "1\n");
    tool({"reload"});
    EXPECT_TRUE(says("left out")) << hookd->errors();
    EXPECT_EQ(ask(facts_of(Stage::rcpt)).response->code, 451);
}

TEST_F(Hookd, QmailHooksShowsAndTries)
{
    EXPECT_EQ(tool({"list"}).ending.code, 111);
    ExampleScanner scanner;
    scanner.configure(home, "10-example", "data", {{"capture", "1"}});
    start();
    ASSERT_TRUE(says("registered as")) << hookd->errors();
    EXPECT_NE(tool({"list"}).output.find("registration: active"), std::string::npos);
    const auto tried = tool({"test", "10-example", "a@b", "c@d"}, "Subject: [spam] x\n\nhi\n");
    for (const char* part :
         {"\"stage\":\"data\"", "quarantine", "action: quarantine", "X-Scanned:"})
        EXPECT_NE(tried.output.find(part), std::string::npos) << part << '\n' << tried.output;
    const auto json_of = [&](std::vector<std::string> words, std::string_view input = {}) {
        words.insert(words.begin(), "--json");
        return boost::json::parse(tool(words, input).output);
    };
    const auto listed = json_of({"list"});
    EXPECT_EQ(listed.at_pointer("/scanners/0/registration/state"), "active");
    EXPECT_EQ(listed.at_pointer("/scanners/0/registration/scanner-says"), "active");
    EXPECT_EQ(listed.at_pointer("/scanners/0/registration/health"), "healthy");
    EXPECT_EQ(listed.at_pointer("/scanners/0/stages/0/endings/answered"), 1);
    const auto read = json_of({"test", "10-example"}, "Subject: x\n\nhi\n");
    EXPECT_EQ(read.at_pointer("/call/status"), 200);
    EXPECT_EQ(read.at_pointer("/decision/action"), "accept");
    const auto changed =
        hooks::decode_base64(std::string(read.at_pointer("/decision/message").as_string()));
    EXPECT_EQ(changed, "X-Scanned: by example; queue=test\nSubject: x\n\nhi\n");
    EXPECT_EQ(tool({"test", "nobody"}, "Subject: x\n\n").output.find("request ("),
              std::string::npos);
    ask(facts_of(Stage::data), "Subject: captured\n\n");
    EXPECT_EQ(json_of({"replay", "10-example"}).at("captures").as_array().size(), 1u);
    auto names = tool({"replay", "10-example"}).output;
    ASSERT_NE(names.find("-data-"), std::string::npos);
    names.pop_back();
    const auto again = tool({"replay", "10-example", names});
    EXPECT_NE(again.output.find("captured answer:"), std::string::npos);
    EXPECT_NE(again.output.find("action: accept"), std::string::npos) << again.errors;
    EXPECT_TRUE(json_of({"replay", "10-example", names}).at("captured-answer").is_string());
    EXPECT_EQ(tool({}).ending.code, 100);
}

TEST_F(Hookd, QmailStartKeepsItAndEndsIt)
{
    ExampleScanner scanner;
    scanner.configure(home, "10-example", "data");
    {
        Instance mta(home, {.smtpd = false});
        ASSERT_TRUE(mta.wait_for_log("registered as"));
        EXPECT_EQ(ask(facts_of(Stage::data), "Subject: [drop]\n\n").action, Action::discard);
        const auto running = processes_with("QMAILHOME=" + home.path());
        const auto found = std::find_if(running.begin(), running.end(), [](const Running& one) {
            return one.name == "qmail-hookd";
        });
        ASSERT_NE(found, running.end());
        ::kill(found->pid, SIGKILL);
        EXPECT_TRUE(mta.wait_for_log("qmail-hookd was ended by signal 9"));
        EXPECT_TRUE(wait_until([&] { return mta.log_count("scanner 10-example added") == 2; }));
        EXPECT_EQ(ask(facts_of(Stage::data), "Subject: [drop]\n\n").action, Action::discard);
        mta.send().kill(SIGTERM);
        EXPECT_TRUE(scanner.wait_for("deregistered")) << mta.log();
        EXPECT_TRUE(mta.send().wait()->success());
    }
}

}
