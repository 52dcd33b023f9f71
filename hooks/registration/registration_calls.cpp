#include "hooks/registration/registration_calls.hpp"

#include "base/sys/clock.hpp"
#include "base/text.hpp"
#include "hooks/http/call_verdict.hpp"

#include <vector>

namespace grapnel::hooks {

namespace {

using net::SteadyClock;
using Kind = RegistrationTrouble::Kind;

constexpr std::chrono::seconds answer_time{10};   // of discovery, of a registration
constexpr std::size_t largest_request = 16384;

Serialization type_of(const net::HttpReply& reply)
{
    return has_type(reply, Serialization::cbor) ? Serialization::cbor : Serialization::json;
}

RegistrationAttempt failed(RegistrationTrouble trouble) { return {{}, std::move(trouble), {}}; }

}

RegistrationCalls::RegistrationCalls(const ScannerSettings& settings, ScannerClient& client,
                                     RegistrationIdentity identity,
                                     std::function<void(const std::string&)> say)
    : settings_(settings), client_(client), identity_(std::move(identity)), say_(std::move(say))
{
    const auto own = net::Url::parse(settings.url.empty() ? settings.register_url : settings.url);
    if (own) origins_.emplace(*own, settings.origins);
}

net::asio::awaitable<RegistrationAttempt> RegistrationCalls::make()
{
    if (!origins_) co_return failed({Kind::configuration, "url is no URL"});
    Discovery discovery;
    if (settings_.discovery) {
        auto trouble = co_await discover(discovery);
        if (!trouble.why.empty()) co_return failed(std::move(trouble));
    }
    auto wish = make_wish(settings_, settings_.discovery ? &discovery : nullptr);
    if (!wish) co_return failed({Kind::configuration, wish.error().text});
    if (!wish->lacking.empty()) say_("the scanner does not take stage " + join(wish->lacking, " "));
    co_return co_await ask_for(std::move(*wish));
}

// The scanner's words about itself; a trouble with a reason where there are none.
net::asio::awaitable<RegistrationTrouble> RegistrationCalls::discover(Discovery& discovery)
{
    const auto url = net::Url::parse(settings_.url)->resolve("/.well-known/mta-hooks");
    ScannerRequest request;
    request.url = url->text();
    request.anonymous = true;   // C7
    request.deadline = SteadyClock::now() + answer_time;
    const auto reply = co_await client_.ask(std::move(request));
    if (reply.trouble != net::HttpTrouble::none || reply.status != 200) {
        auto trouble = judge_registration(reply);
        if (trouble.kind == Kind::parked) trouble.kind = Kind::configuration;
        trouble.why = "discovery: " + trouble.why;
        co_return trouble;
    }
    auto read = decode_discovery(type_of(reply), reply.body, *url, *origins_);
    if (!read) co_return RegistrationTrouble{Kind::passing, read.error().text};
    discovery = std::move(*read);
    co_return RegistrationTrouble{};
}

net::asio::awaitable<RegistrationAttempt> RegistrationCalls::ask_for(RegistrationWish wish)
{
    ScannerRequest request;
    request.method = "POST";
    request.url = wish.url.text();
    request.accept = wish.serialization;
    request.body =
        sent_body(wish.serialization,
                  encode(wish.serialization, registration_request(settings_, wish, identity_)));
    if (request.body->size > largest_request)
        co_return failed({Kind::configuration, "registration: request over 16 KiB"});
    request.deadline = SteadyClock::now() + answer_time;
    const auto reply = co_await client_.ask(std::move(request));
    if (reply.trouble != net::HttpTrouble::none || reply.status != 201) {
        auto trouble = judge_registration(reply);
        trouble.why = "registration: " + trouble.why;
        co_return failed(std::move(trouble));
    }
    std::vector<std::string> remarks;
    auto registration = decode_registration(type_of(reply), reply.body, wish, *origins_,
                                            unix_milliseconds(), remarks);
    if (!registration) co_return failed({Kind::passing, registration.error().text});
    for (const auto& remark : remarks) say_("registration: ignored " + remark);
    auto missing = unconfirmed(settings_, registration->agreement);
    if (registration->agreement.stages.empty()) missing.emplace_back("any");
    if (missing.empty()) co_return RegistrationAttempt{std::move(*registration)};
    auto lacking = failed({Kind::configuration, "registration lacks stage " + join(missing, " ")});
    lacking.useless = std::move(*registration);
    co_return lacking;
}

net::asio::awaitable<RegistrationStatus> RegistrationCalls::ask_status(Registration registration,
                                                                       net::Moment deadline)
{
    const auto unknown = [](const std::string& why) {
        return RegistrationStatus{"unknown: " + why, {}};
    };
    if (registration.status_url.empty()) co_return unknown("there is nowhere to ask");
    ScannerRequest request;
    request.url = registration.status_url;
    request.accept = registration.agreement.serialization;
    request.registration = registration.agreement.id;
    request.deadline = std::min<net::Moment>(deadline, SteadyClock::now() + answer_time);
    const auto reply = co_await client_.ask(std::move(request));
    if (reply.trouble != net::HttpTrouble::none) co_return unknown(reply.why);
    if (reply.status == 404 || reply.status == 410)
        co_return RegistrationStatus{"deregistered", {}};
    if (reply.status != 200) co_return unknown(refusal_text(reply));
    auto status = decode_status(type_of(reply), reply.body);
    co_return status ? std::move(*status) : unknown(status.error().text);
}

net::asio::awaitable<void> RegistrationCalls::take_back(Registration registration,
                                                        net::Moment deadline)
{
    const auto& id = registration.agreement.id;
    // One from before a change of url may lie elsewhere: that one is not shown our credentials.
    const auto url = net::Url::parse(registration.deregistration_url);
    if (!url || !origins_ || !origins_->resolve(*url, url->text())) co_return;
    ScannerRequest request;
    request.method = "DELETE";
    request.url = url->text();
    request.accept = registration.agreement.serialization;
    request.registration = id;
    request.deadline = deadline;
    const auto reply = co_await client_.ask(std::move(request));
    const int status = reply.trouble == net::HttpTrouble::none ? reply.status : 0;
    if (status == 200 || status == 204 || status == 404 || status == 410)   // C17
        say_("deregistered " + id);
    else
        say_("unable to deregister " + id + ": " + (status == 0 ? reply.why : refusal_text(reply)));
}

}
