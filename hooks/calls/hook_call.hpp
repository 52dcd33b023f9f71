// One hook call from its start to its outcome: a turn, a registration, attempts and pauses, all
// within one budget (mta-hooks 14, 15). Only for scanner_calls.cpp.
#pragma once

#include "hooks/calls/breaker.hpp"
#include "hooks/calls/slots.hpp"
#include "hooks/http/call_verdict.hpp"
#include "hooks/registration/registrar.hpp"
#include "hooks/scanner/scanner.hpp"

#include <string_view>

namespace grapnel::hooks {

// What calls of one scanner share.
struct CallSurroundings {
    const ScannerSettings& settings;
    ScannerClient& client;
    Registrar& registrar;
    Slots& slots;
    Breaker& breaker;
    std::uint64_t message_limit = 0;
    std::function<void(const std::string&)> say;
};

class HookCall {
public:
    HookCall(CallSurroundings& around, Stage stage, std::uint64_t message_size, MakeBody make_body,
             std::chrono::milliseconds limit);
    HookCall(const HookCall&) = delete;
    HookCall& operator=(const HookCall&) = delete;
    ~HookCall();

    net::asio::awaitable<CallOutcome> run();

private:
    net::asio::awaitable<CallOutcome> work();
    bool prepare(const Registrar::Lease& lease);
    net::asio::awaitable<CallVerdict> attempt(const Registrar::Lease& lease);
    std::optional<std::chrono::milliseconds> pause_before_retry(const CallVerdict& verdict) const;
    void count(const CallVerdict& verdict);
    std::size_t answer_limit(const Agreement& agreement) const;
    CallOutcome end(CallOutcome::Kind kind, std::string why);
    CallOutcome end(const CallVerdict& verdict);

    CallSurroundings& around_;
    Stage stage_;
    std::uint64_t message_size_;
    MakeBody make_body_;
    net::Moment start_, deadline_;
    Breaker::Admission admission_ = Breaker::Admission::no;
    bool counted_ = false, registered_again_ = false;
    unsigned retries_ = 0;
    CallOutcome outcome_;
    std::shared_ptr<SentBody> body_;
    std::shared_ptr<const Agreement> made_for_;   // whose body that is
};

}
