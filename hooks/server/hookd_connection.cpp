#include "hooks/server/hookd_connection.hpp"

#include "base/net/attended.hpp"
#include "base/sys/file.hpp"
#include "base/sys/log.hpp"
#include "base/sys/memory_file.hpp"
#include "hooks/server/call_report.hpp"
#include "hooks/server/capture.hpp"
#include "hooks/server/given_message.hpp"

#include <unistd.h>

#include <chrono>
#include <exception>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <variant>

namespace grapnel::hooks {

using namespace std::chrono_literals;
using net::asio::awaitable;

namespace {

constexpr std::size_t longest_of_strangers = 4u << 20;
constexpr auto listening_limit = 30s;   // for who takes what he asked for
constexpr auto sending_limit = 60s;     // for a message that follows its request

// What comes behind it is no frame.
bool is_followed(const wire::Saying& saying)
{
    const auto* request = std::get_if<wire::Request>(&saying);
    return request && request->following > 0;
}

}

struct HookdConnection::Call {
    wire::Request request;
    Fd message;             // as it was given
    bool is_ours = false;   // nobody else has it
    Decision decision = {};
    std::string report = {};    // of the one scanner that was asked for by name
    std::string trouble = {};   // no decision: why
};

HookdConnection::HookdConnection(net::Executor executor, Fd socket, Standing who,
                                 HookdSurroundings& around)
    : stream_(executor, std::move(socket)),
      who_(who),
      around_(around),
      frames_(who == Standing::stranger ? longest_of_strangers : wire::longest_frame)
{
    stream_.accept_descriptors();
}

void HookdConnection::end()
{
    ending_ = true;
    if (idle_) stream_.interrupt();
}

awaitable<std::optional<std::string>> HookdConnection::next_frame()
{
    for (;;) {
        stream_.consume(frames_.add(stream_.buffered()));
        if (auto frame = frames_.take()) co_return frame;
        if (frames_.is_too_long()) co_return std::nullopt;
        const bool more = co_await stream_.fill();
        if (!more) co_return std::nullopt;
    }
}

awaitable<void> HookdConnection::serve()
{
    try {
        for (bool more = true; more && !ending_;) {
            idle_ = true;
            stream_.expires_at(net::SteadyClock::time_point::max());
            const auto frame = co_await next_frame();
            idle_ = false;
            if (!frame) co_return;
            auto saying = wire::decode(*frame);
            if (!saying) co_return around_.log("a client is not understood");
            more = co_await answer(std::move(*saying), stream_.take_descriptors());
        }
    } catch (const net::Interrupted&) {
        // we end, and he has asked for nothing
    } catch (const std::system_error&) {
        // he has left
    }
}

awaitable<bool> HookdConnection::answer(wire::Saying saying, std::vector<Fd> descriptors)
{
    const bool sealed =
        who_ == Standing::stranger && descriptors.size() == 1 && is_sealed(descriptors[0].get());
    auto why = refusal(who_, saying, around_.scanners.injection_limit(), sealed);
    if (!why.empty()) {
        const std::string frame = wire::encode(wire::Refused{std::move(why)});
        co_await stream_.write(frame);
        co_return !is_followed(saying);
    }
    if (std::holds_alternative<wire::Reload>(saying)) {
        around_.scanners.reload();
        co_return true;
    }
    if (std::holds_alternative<wire::StatusWanted>(saying)) {
        co_await report();
        co_return true;
    }
    auto work = answer_request(std::move(std::get<wire::Request>(saying)), std::move(descriptors));
    co_return co_await std::move(work);
}

awaitable<void> HookdConnection::report()
{
    const auto all = co_await around_.scanners.report();
    stream_.expires_after(listening_limit);
    const std::string frame = wire::encode(wire::Report{to_text(all)});
    co_await stream_.write(frame);
}

awaitable<bool> HookdConnection::answer_request(wire::Request request, std::vector<Fd> descriptors)
{
    const auto following = request.following;
    if (following > 0 && !request.with_message) co_return false;
    if (descriptors.size() != (request.with_message && following == 0 ? 1u : 0u)) co_return false;
    Call call{std::move(request), descriptors.empty() ? Fd() : std::move(descriptors[0])};
    if (following > 0) {
        stream_.expires_after(sending_limit);
        auto received = co_await receive_message(stream_, following, around_.spool);
        if (!received) {
            around_.log("no decision: " + printable(received.error().text));
            co_return false;
        }
        stream_.expires_at(net::SteadyClock::time_point::max());
        call.message = std::move(*received);
        call.is_ours = true;
    }
    if (!stream_.buffered().empty()) co_return false;   // he talks on before he is answered
    auto work = run(call);
    co_await net::attended(stream_, std::move(work));   // who leaves takes his call back
    if (!call.trouble.empty()) {
        around_.log("no decision: " + printable(call.trouble));
        co_return false;
    }
    co_await deliver(call);
    co_return true;
}

awaitable<MayAdd> HookdConnection::ask_client(std::string address)
{
    stream_.expires_after(listening_limit);
    const std::string question = wire::encode(wire::Question{std::move(address)});
    co_await stream_.write(question);
    const auto frame = co_await next_frame();
    const auto saying = frame ? wire::decode(*frame) : Result<wire::Saying>(temporary("nothing"));
    const auto* answer = saying ? std::get_if<wire::QuestionAnswered>(&*saying) : nullptr;
    if (!answer) throw std::runtime_error("a client does not answer what he is asked");
    stream_.expires_at(net::SteadyClock::time_point::max());
    co_return answer->answer;
}

std::vector<std::shared_ptr<Scanner>> HookdConnection::scanners_for(Call& call)
{
    std::vector<std::shared_ptr<Scanner>> chain;
    const auto& only = call.request.only;
    for (auto& scanner : around_.scanners.all()) {
        const auto& settings = scanner->settings();
        if (!only.empty() && settings.name != only) continue;
        if (only.empty() && !settings.capture) {
            chain.push_back(std::move(scanner));
            continue;
        }
        chain.push_back(std::make_shared<RecordingScanner>(
            std::move(scanner), [this, &call](const RecordedCall& one) { record(call, one); }));
    }
    return chain;
}

void HookdConnection::record(Call& call, const RecordedCall& recorded)
{
    if (!call.request.only.empty()) {
        call.report = call_report(recorded);
        return;
    }
    Capture capture{recorded, call.request.facts, call.request.with_message, {}};
    try {
        if (call.message) {
            const auto size = static_cast<std::uint64_t>(status(call.message.get()).st_size);
            if (size > longest_captured_message) return;
            capture.message.resize(size);
            const auto got = ::pread(call.message.get(), capture.message.data(), size, 0);
            if (got < 0 || static_cast<std::uint64_t>(got) != size) return;
        }
        keep(around_.captures + '/' + recorded.scanner, capture);
    } catch (const std::system_error& error) {
        around_.log(std::string("a call is not captured: ") + error.what());
    }
}

awaitable<void> HookdConnection::run(Call& call)
{
    try {
        std::optional<Message> message;
        if (call.message) {
            if (!call.is_ours)
                call.message = co_await make_fit(std::move(call.message), around_.spool);
            message.emplace(call.message.get(), is_binary(call.request.facts));
        }
        ChainSurroundings chain;
        chain.scanners = scanners_for(call);
        chain.spool = around_.spool;
        chain.may_add = [this](std::string address) { return ask_client(std::move(address)); };
        chain.metrics = around_.scanners.metrics();
        call.decision =
            co_await run_chain(std::move(chain), call.request.facts, std::move(message));
    } catch (const std::exception& error) {
        call.trouble = error.what();
    }
}

awaitable<void> HookdConnection::deliver(Call& call)
{
    stream_.expires_after(listening_limit);
    if (!call.request.only.empty()) {
        const std::string frame = wire::encode(wire::Report{std::move(call.report)});
        co_await stream_.write(frame);
    }
    wire::Decided decided;
    const Fd message = std::move(call.decision.message);
    decided.decision = std::move(call.decision);
    decided.with_message = static_cast<bool>(message);
    const std::string frame = wire::encode(decided);
    co_await stream_.write_with(frame, message.get());
}

}
