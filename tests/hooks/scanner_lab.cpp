#include "hooks/scanner_lab.hpp"

#include "base/net/timer.hpp"
#include "base/sys/file.hpp"
#include "base/text.hpp"
#include "hooks/some_facts.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <sys/stat.h>

namespace grapnel::hooks::test {

namespace json = boost::json;

const grapnel::test::Certificates& certificates()
{
    static const grapnel::test::Certificates all;
    return all;
}

std::string text(const json::value& object, std::string_view member)
{
    const auto* value = object.as_object().if_contains({member.data(), member.size()});
    if (!value || !value->is_string()) return {};
    return std::string(value->get_string().data(), value->get_string().size());
}

ScannerLab::ScannerLab(bool tls) : http(tls ? &certificates() : nullptr)
{
    for (const auto* directory : {"control", "control/hooks", "control/hooks/x", "state"})
        make_directory(home / directory, 0700);
    put("url", http.url());
    put("token", "secret");
    put("stages", "rcpt data delivery");
    put("breaker-failures", "100");
    if (tls)
        put("ca.pem", grapnel::test::slurp(certificates() / "ca.pem"));
    else
        put("insecure-loopback", "1");
}

void ScannerLab::TearDown()
{
    if (hostile) return;
    for (const auto& request : asked(""))
        EXPECT_TRUE(request.at("problems").as_array().empty()) << json::serialize(request);
}

void ScannerLab::put(const std::string& file, const std::string& content)
{
    const auto path = home / ("control/hooks/x/" + file);
    remove_file(path);
    grapnel::test::spill(path, content + '\n', 0600);
}

void ScannerLab::begin()
{
    auto read = read_scanner(home / "control", "x", true);
    ASSERT_THAT(read.errors, testing::IsEmpty());
    ScannerSurroundings around{"grapnel here.example", "1", home / "state/x",
                               [this](std::string_view line) { log.emplace_back(line); }};
    scanner = make_scanner(loop->executor(), std::move(read.settings), std::move(around));
    EXPECT_TRUE(wait_until([&] {
        const auto state = scanner->state();
        return state.registration != "registering" &&
               (state.registration != "none" || !state.trouble.empty());
    }));
}

void ScannerLab::restart()
{
    scanner.reset();
    loop = std::make_unique<net::Loop>();
    begin();
}

void ScannerLab::end() { run(scanner->end()); }

void ScannerLab::run(net::asio::awaitable<void> work)
{
    std::exception_ptr trouble;
    net::start(loop->executor(), std::move(work), [&](std::exception_ptr thrown) {
        trouble = thrown;
        loop->stop();
    });
    loop->run();
    if (trouble) std::rethrow_exception(trouble);
}

namespace {

net::asio::awaitable<void> until(const std::function<bool()>& happened, bool& seen)
{
    const auto deadline = net::SteadyClock::now() + grapnel::test::patience;
    while (!happened() && net::SteadyClock::now() < deadline)
        co_await net::sleep_for(std::chrono::milliseconds(2));
    seen = happened();
}

net::asio::awaitable<void> one_call(std::shared_ptr<LiveScanner> scanner, Stage stage,
                                    std::string text, std::chrono::milliseconds limit,
                                    CallOutcome& outcome)
{
    auto facts = data_facts();
    facts.stage = stage;
    if (direction(stage) == Direction::outbound) facts.action = Action::proceed;
    const auto message =
        has_message(stage) ? std::make_shared<const Message>(std::move(text)) : nullptr;
    MakeBody body = [facts, message](const Agreement& agreement) {
        const bool inbound = direction(facts.stage) == Direction::inbound;
        return std::make_shared<const RequestBody>(agreement.serialization, facts, message.get(),
                                                   inbound ? agreement.inbound
                                                           : agreement.outbound);
    };
    const auto size = message ? message->size() : 0;
    outcome = co_await scanner->call(stage, size, std::move(body), limit);
}

}

net::asio::awaitable<void> small_call(std::shared_ptr<LiveScanner> scanner, CallOutcome& outcome)
{
    return one_call(std::move(scanner), Stage::rcpt, {}, std::chrono::seconds(60), outcome);
}

bool ScannerLab::wait_until(const std::function<bool()>& happened)
{
    bool seen = false;
    run(until(happened, seen));
    return seen;
}

CallOutcome ScannerLab::call(Stage stage, const std::string& content,
                             std::chrono::milliseconds limit)
{
    CallOutcome outcome;
    run(one_call(scanner, stage, content, limit, outcome));
    return outcome;
}

std::vector<CallOutcome> ScannerLab::calls(std::size_t count, Stage stage)
{
    std::vector<CallOutcome> outcomes(count);
    std::size_t left = count;
    for (auto& outcome : outcomes)
        net::start(
            loop->executor(),
            one_call(scanner, stage, "Subject: x\n\nhello\n", std::chrono::seconds(60), outcome),
            [&](std::exception_ptr) { --left; });
    EXPECT_TRUE(wait_until([&] { return left == 0; }));
    return outcomes;
}

std::vector<json::value> ScannerLab::asked(std::string_view kind)
{
    std::vector<json::value> all;
    for (const auto& line : http.requests())
        if (auto request = json::parse(line); kind.empty() || text(request, "kind") == kind)
            all.push_back(std::move(request));
    return all;
}

std::string ScannerLab::log_text() const { return join(log, "\n"); }

}
