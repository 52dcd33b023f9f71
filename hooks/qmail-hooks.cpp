// qmail-hooks(8): shows how scanners are, and tries one with a message. It asks qmail-hookd, so
// that no registration of its own is needed.
#include "base/sys/environment.hpp"
#include "base/sys/error.hpp"
#include "base/sys/file.hpp"
#include "base/sys/log.hpp"
#include "base/sys/memory_file.hpp"
#include "base/sys/program.hpp"
#include "hooks/codec/serialization.hpp"
#include "hooks/hookd_socket.hpp"
#include "hooks/hooks_table.hpp"
#include "hooks/server/capture.hpp"
#include "hooks/values/base64.hpp"
#include "hooks/wire/blocking_connection.hpp"

#include <boost/json/serialize.hpp>

#include <unistd.h>

#include <chrono>
#include <ctime>
#include <string>
#include <system_error>
#include <variant>
#include <vector>

namespace {

using namespace grapnel;
using namespace std::chrono_literals;

constexpr auto limit = 300s;
constexpr std::size_t longest_message = 256u << 20, longest_answer = 1u << 20;
constexpr const char* usage =
    "usage: qmail-hooks [--json] list | test NAME [SENDER RECIPIENT ...] | "
    "replay NAME [CAPTURE] | reload";

hooks::wire::Saying next(hooks::BlockingConnection& connection)
{
    const auto frame = connection.next_frame();
    if (!frame) throw Stop{111, "qmail-hookd hung up"};
    auto saying = hooks::wire::decode(*frame);
    if (!saying) throw Stop{111, "qmail-hookd is not understood"};
    if (const auto* refused = std::get_if<hooks::wire::Refused>(&*saying))
        throw Stop{111, "qmail-hookd refuses: " + refused->why};
    return std::move(*saying);
}

hooks::BlockingConnection connect()
{
    auto socket = hooks::connect_to_hookd(home());
    if (!socket) throw Stop{111, "qmail-hookd does not run"};
    return {std::move(*socket), std::chrono::steady_clock::now() + limit};
}

template <class Kind>
Kind expect(hooks::wire::Saying saying)
{
    if (auto* kind = std::get_if<Kind>(&saying)) return std::move(*kind);
    throw Stop{111, "qmail-hookd is not understood"};
}

void print(const std::string& text) { write_all(1, text); }

boost::json::value parse(const std::string& report)
{
    if (report.empty()) return {};
    auto value = hooks::decode(hooks::Serialization::json, report);
    if (!value) throw Stop{111, "qmail-hookd is not understood"};
    return *value;
}

int list(bool json)
{
    auto connection = connect();
    connection.send(hooks::wire::encode(hooks::wire::StatusWanted()));
    const auto report = expect<hooks::wire::Report>(next(connection)).json;
    print(json ? report + '\n' : hooks::status_table(parse(report)));
    return 0;
}

std::string text_of(const hooks::Decision& decision)
{
    if (!decision.message) return {};
    std::string text(decision.size, '\0');
    const auto got = ::pread(decision.message.get(), text.data(), text.size(), 0);
    if (got < 0) throw_errno("unable to read the changed message");
    text.resize(static_cast<std::size_t>(got));
    return text;
}

struct Tried {
    boost::json::value call;   // null: the scanner was not called
    hooks::Decision decision;
};

// One call of one scanner.
Tried call(const std::string& scanner, const hooks::Facts& facts, const Fd& message)
{
    auto connection = connect();
    const hooks::wire::Request request{facts, static_cast<bool>(message), scanner};
    connection.send(hooks::wire::encode(request), message.get());
    auto saying = next(connection);
    while (std::holds_alternative<hooks::wire::Question>(saying)) {
        connection.send(hooks::wire::encode(hooks::wire::QuestionAnswered{hooks::MayAdd::yes}));
        saying = next(connection);
    }
    Tried tried;
    tried.call = parse(expect<hooks::wire::Report>(std::move(saying)).json);
    auto decided = expect<hooks::wire::Decided>(next(connection));
    auto descriptors = connection.take_descriptors();
    if (decided.with_message && descriptors.size() == 1)
        decided.decision.message = std::move(descriptors[0]);
    tried.decision = std::move(decided.decision);
    return tried;
}

// The message, where it was changed, last.
void print_text(const Tried& tried)
{
    print(hooks::call_text(tried.call) + hooks::decision_text(tried.decision));
    if (tried.decision.message) print('\n' + text_of(tried.decision));
}

void print_json(const Tried& tried, const std::string* captured_answer)
{
    boost::json::object all{
        {"call", tried.call},
        {"decision", hooks::decision_object(tried.decision, text_of(tried.decision))}};
    if (captured_answer) all["captured-answer"] = hooks::base64(*captured_answer);
    print(boost::json::serialize(all) + '\n');
}

hooks::Facts facts_of_a_test(const std::vector<std::string>& envelope)
{
    hooks::Facts facts;
    facts.stage = hooks::Stage::data;
    facts.timestamp = std::int64_t{1000} * std::time(nullptr);
    facts.response = hooks::Response{250, "2.0.0", "ok"};
    facts.envelope = hooks::EnvelopeFacts{};
    if (!envelope.empty()) facts.envelope->from.address = envelope.front();
    for (std::size_t n = 1; n < envelope.size(); ++n)
        facts.envelope->to.push_back({envelope[n], {}, {}});
    if (envelope.size() < 2) facts.envelope->to.push_back({"postmaster@localhost", {}, {}});
    facts.queue = hooks::QueueFacts{"test", {}, 0};
    facts.server = {"localhost", "127.0.0.1", 25};
    facts.client = hooks::ClientFacts{"127.0.0.1", 1, "localhost", "localhost", 1};
    return facts;
}

int test(bool json, const std::vector<std::string>& words)
{
    const Fd message = sealed_file(read_all(0, longest_message, "the message"));
    const auto tried =
        call(words.at(1), facts_of_a_test({words.begin() + 2, words.end()}), message);
    json ? print_json(tried, nullptr) : print_text(tried);
    return 0;
}

int list_captures(bool json, const std::string& directory)
{
    boost::json::array names;
    for (const auto& name : hooks::captures(directory)) {
        names.emplace_back(name);
        if (!json) print(name + '\n');
    }
    if (json) print(boost::json::serialize(boost::json::object{{"captures", names}}) + '\n');
    return 0;
}

int replay(bool json, const std::vector<std::string>& words)
{
    const auto directory = home() + "/hookd/capture/" + words.at(1);
    if (words.size() < 3) return list_captures(json, directory);
    const auto capture = hooks::read_capture(directory + '/' + words[2]);
    if (!capture) throw Stop{100, capture.error().text};
    const auto& answer = capture->call.outcome.answer;
    if (!json) print("captured answer:\n    " + printable(answer, longest_answer) + '\n');
    const Fd message = capture->with_message ? sealed_file(capture->message) : Fd();
    const auto tried = call(words[1], capture->facts, message);
    json ? print_json(tried, &answer) : print_text(tried);
    return 0;
}

int run_command(const std::vector<std::string>& words, bool json)
{
    const auto command = words.empty() ? std::string() : words.front();
    if (command == "list" && words.size() == 1) return list(json);
    if (command == "test" && words.size() >= 2) return test(json, words);
    if (command == "replay" && (words.size() == 2 || words.size() == 3)) return replay(json, words);
    if (command != "reload" || words.size() != 1) throw Stop{100, usage};
    hooks::tell_to_reload(home());
    return 0;
}

}

int main(int argc, char** argv)
{
    return run("qmail-hooks", [&] {
        ensure_standard_descriptors();
        std::vector<std::string> words(argv + 1, argv + argc);
        const bool json = !words.empty() && words.front() == "--json";
        if (json) words.erase(words.begin());
        return run_command(words, json);
    });
}
