// Registrations against a scanner over HTTP: made, renewed, made again, taken back.
#include "hooks/scanner_lab.hpp"

#include "base/sys/file.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace grapnel::hooks::test {
namespace {

namespace json = boost::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;
using Kind = CallOutcome::Kind;

class RegistrationLife : public ScannerLab {};

std::vector<std::string> stages(const json::value& side)
{
    std::vector<std::string> all;
    for (const auto& stage : side.at("stages").as_array())
        all.emplace_back(stage.as_string().c_str());
    return all;
}

TEST_F(RegistrationLife, AsksForWhatIsConfiguredAndOffered)
{
    put("stages", "connect data delivery");
    put("properties", "/envelope /message/subject /ext");
    put("metadata", "site east");
    put("timeout-data", "17");
    tell(R"({"set": {"discovery": {"capabilities": {"inbound": {"stages": ["data", "rcpt", "x"],
            "actions": ["accept", "reject"], "fetchProperties": ["/envelope/from", "/message"],
            "updateProperties": ["/action", "/message/headers", "/x"]}, "outbound": null}}}})");
    begin();
    ASSERT_EQ(scanner->state().registration, "active");
    const auto request = asked("register").at(0).at("document");
    EXPECT_EQ(text(request, "name"), "grapnel here.example");
    EXPECT_EQ(request.at("timeoutMs").as_int64(), 17000);
    EXPECT_EQ(text(request, "serialization"), "json");
    EXPECT_THAT(stages(request.at("inbound")), ElementsAre("data"));
    EXPECT_EQ(json::serialize(request.at("inbound").at("properties")),
              R"(["/envelope/from","/message/subject"])");
    EXPECT_TRUE(request.at("outbound").is_null());
    EXPECT_EQ(json::serialize(request.at("metadata")), R"({"site":"east"})");
    EXPECT_THAT(log_text(), HasSubstr("does not take stage connect delivery"));
    const auto agreement = scanner->agreement();
    EXPECT_EQ(agreement->stages, Stages{Stage::data});
    EXPECT_THAT(agreement->may_change,
                ElementsAre(*Pointer::parse("/action"), *Pointer::parse("/message/headers")));
    EXPECT_THAT(agreement->actions, ElementsAre(Action::accept, Action::reject));
}

TEST_F(RegistrationLife, WithoutDiscoveryAsksForAllThatIsConfigured)
{
    put("url", "");
    remove_file(home / "control/hooks/x/url");
    put("register-url", http.url() + "v1/hooks/register");
    begin();
    EXPECT_EQ(scanner->state().registration, "active");
    EXPECT_EQ(count("discovery"), 0u);
    const auto request = asked("register").at(0).at("document");
    EXPECT_THAT(stages(request.at("inbound")), ElementsAre("rcpt", "data"));
    EXPECT_TRUE(request.at("inbound").at("properties").is_null());
    EXPECT_EQ(call().kind, Kind::no_change);
}

TEST_F(RegistrationLife, SpeaksCborWhereThatIsWanted)
{
    put("serialization", "cbor");
    begin();
    EXPECT_EQ(scanner->state().registration, "active") << log_text();
    EXPECT_EQ(call().kind, Kind::no_change);
    EXPECT_EQ(text(asked("hook").at(0).at("fields"), "content-type"), "application/cbor");
    end();
}

TEST_F(RegistrationLife, TakesCborWhereNothingElseIsOffered)
{
    tell(R"({"set": {"serialization": ["cbor"]}})");
    begin();
    EXPECT_EQ(text(asked("register").at(0).at("document"), "serialization"), "cbor");
    EXPECT_EQ(call().kind, Kind::no_change);
}

TEST_F(RegistrationLife, WhatIsOmittedBySomeScannersIsNotMissed)
{
    tell(R"({"set": {"registration": {"createdAt": "absent", "endpoints": "absent"}}})");
    begin();
    EXPECT_EQ(scanner->state().registration, "active");
    end();   // by discovery's template
    EXPECT_EQ(count("delete"), 1u);
}

TEST_F(RegistrationLife, EndsByTakingItBack)
{
    begin();
    EXPECT_TRUE(status_if_there(home / "state/x"));
    end();
    EXPECT_EQ(count("delete"), 1u);
    EXPECT_FALSE(status_if_there(home / "state/x"));
    EXPECT_EQ(scanner->state().registration, "ended");
    EXPECT_EQ(call().kind, Kind::failure);
    EXPECT_EQ(count("hook"), 0u);
}

TEST_F(RegistrationLife, IsTakenBackWhicheverWayTheScannerSaysSo)
{
    for (const auto* answer : {R"({"status": 204})", R"({"status": 404})", R"({"status": 410})"}) {
        SCOPED_TRACE(answer);
        log.clear();
        restart();
        tell(R"({"next": {"delete": [)" + std::string(answer) + "]}}");
        end();
        EXPECT_THAT(log_text(), HasSubstr(": deregistered r-"));
    }
    restart();
    tell(R"({"next": {"delete": [{"status": 500}]}})");
    end();
    EXPECT_THAT(log_text(), HasSubstr("unable to deregister"));
}

TEST_F(RegistrationLife, LaterVersionsOfTheSameProtocolAreFine)
{
    tell(R"({"set": {"discovery": {"version": "1.7", "later": [{}]}}})");
    begin();
    EXPECT_EQ(scanner->state().registration, "active");
    EXPECT_EQ(call().kind, Kind::no_change);
}

TEST_F(RegistrationLife, EndsInTimeThoughTheScannerDoesNotAnswer)
{
    begin();
    tell(R"({"next": {"delete": [{"delay": 600}]}})");
    const auto began = net::SteadyClock::now();
    end();
    EXPECT_LT(net::SteadyClock::now() - began, std::chrono::seconds(20));
    EXPECT_THAT(log_text(), HasSubstr("unable to deregister r-1"));
}

TEST_F(RegistrationLife, IsTakenUpAgainAfterACrash)
{
    begin();
    restart();
    EXPECT_EQ(scanner->state().registration_id, "r-1");
    EXPECT_EQ(call().kind, Kind::no_change);
    EXPECT_EQ(count("register"), 1u);
    end();
    EXPECT_EQ(count("delete"), 1u);
}

TEST_F(RegistrationLife, OfAnotherConfigurationIsTakenBackAfterACrash)
{
    begin();
    put("stages", "data");
    restart();
    EXPECT_TRUE(wait_until([&] { return scanner->state().registration_id == "r-2"; }));
    EXPECT_TRUE(wait_until([&] { return count("delete") == 1; }));
    EXPECT_EQ(text(asked("delete").at(0), "registration"), "r-1");
}

TEST_F(RegistrationLife, OfAnotherPlaceIsNotShownOurCredentialsAfterACrash)
{
    begin();
    const grapnel::test::HttpScanner other;
    put("url", other.url());
    restart();
    EXPECT_EQ(scanner->state().registration, "active");
    end();
    EXPECT_EQ(count("delete"), 0u);   // at the old place
    EXPECT_THAT(log_text(), HasSubstr("deregistered r-1"));
}

TEST_F(RegistrationLife, ThatComesAfterTheEndIsTakenBackAtOnce)
{
    tell(R"({"set": {"expires_after": 4}})");
    begin();
    tell(R"({"next": {"register": [{"delay": 7}]}, "set": {"expires_after": 60}})");
    EXPECT_TRUE(wait_until([&] { return scanner->state().registration == "renewing"; }));
    end();
    EXPECT_EQ(count("delete"), 1u);   // the old one
    EXPECT_TRUE(wait_until([&] { return count("delete") == 2; }));
    EXPECT_EQ(scanner->state().registration, "ended");
}

TEST_F(RegistrationLife, ThatHasExpiredIsOfNoUseAfterACrash)
{
    tell(R"({"set": {"expires_after": 3}})");
    begin();
    scanner.reset();
    loop = std::make_unique<net::Loop>();
    EXPECT_TRUE(wait_until([expiry = net::SteadyClock::now() + std::chrono::seconds(3)] {
        return net::SteadyClock::now() > expiry;
    }));
    begin();
    EXPECT_EQ(scanner->state().registration_id, "r-2");
}

TEST_F(RegistrationLife, AFileThatIsDamagedIsNotMissed)
{
    grapnel::test::spill(home / "state/x", "{\"id\": 5", 0600);
    begin();
    EXPECT_EQ(scanner->state().registration, "active");
}

TEST_F(RegistrationLife, IsRenewedBeforeItEndsAndTheOldOneTakenBack)
{
    tell(R"({"set": {"expires_after": 4}})");
    begin();
    EXPECT_EQ(scanner->state().registration_id, "r-1");
    EXPECT_TRUE(wait_until([&] { return scanner->state().registration_id == "r-2"; }));
    EXPECT_TRUE(wait_until([&] { return count("delete") == 1; }));
    EXPECT_EQ(text(asked("delete").at(0), "registration"), "r-1");
    EXPECT_EQ(call().kind, Kind::no_change);
    EXPECT_EQ(text(asked("hook").at(0), "registration"), "r-2");
}

TEST_F(RegistrationLife, AnOldOneIsKeptUntilItsCallsHaveEnded)
{
    tell(R"({"set": {"expires_after": 4}, "next": {"hook": [{"delay": 4, "status": 204}]}})");
    begin();
    bool ended = false;
    CallOutcome outcome;
    net::start(loop->executor(), small_call(scanner, outcome),
               [&](std::exception_ptr) { ended = true; });
    EXPECT_TRUE(wait_until([&] { return scanner->state().registration_id == "r-2"; }));
    EXPECT_FALSE(ended);
    EXPECT_EQ(count("delete"), 0u);
    EXPECT_TRUE(wait_until([&] { return ended; }));
    EXPECT_EQ(outcome.kind, Kind::no_change);
    EXPECT_TRUE(wait_until([&] { return count("delete") == 1; }));
}

TEST_F(RegistrationLife, ForgottenByTheScannerIsMadeAgainWithinTheCall)
{
    begin();
    tell(R"({"forget": true})");
    const auto outcome = call();
    EXPECT_EQ(outcome.kind, Kind::no_change) << outcome.why;
    EXPECT_EQ(outcome.attempts, 2u);
    const auto hooks = asked("hook");
    ASSERT_EQ(hooks.size(), 2u);
    EXPECT_EQ(text(hooks[0], "requestId"), text(hooks[1], "requestId"));
    EXPECT_EQ(text(hooks[0], "sha256"), text(hooks[1], "sha256"));
    EXPECT_EQ(text(hooks[1], "registration"), "r-2");
}

TEST_F(RegistrationLife, CallsThatFindItGoneShareOneAttempt)
{
    begin();
    tell(R"({"gone": true})");
    for (const auto& outcome : calls(20)) EXPECT_EQ(outcome.kind, Kind::no_change) << outcome.why;
    EXPECT_EQ(count("register"), 2u);
}

TEST_F(RegistrationLife, GoneTwiceInOneCallIsAFailure)
{
    begin();
    tell(R"({"next": {"hook": [{"status": 404}, {"status": 404}]}})");
    const auto outcome = call();
    EXPECT_EQ(outcome.kind, Kind::failure);
    EXPECT_THAT(outcome.why, StartsWith("status 404"));
    EXPECT_EQ(count("hook"), 2u);
}

TEST_F(RegistrationLife, WhereAnotherSerializationIsAgreedInTheMiddleTheRequestHasAnotherId)
{
    begin();
    tell(R"({"forget": true, "set": {"serialization": ["cbor"]}})");
    const auto outcome = call();
    EXPECT_EQ(outcome.kind, Kind::no_change) << outcome.why;
    const auto hooks = asked("hook");
    ASSERT_EQ(hooks.size(), 2u);
    EXPECT_NE(text(hooks[0], "requestId"), text(hooks[1], "requestId"));
    EXPECT_EQ(outcome.request_id, text(hooks[1], "requestId"));
}

TEST_F(RegistrationLife, RefusedCredentialsParkItUntilTheyChange)
{
    tell(R"({"set": {"token": "another"}})");
    begin();
    EXPECT_EQ(scanner->state().registration, "parked");
    EXPECT_EQ(call().kind, Kind::failure);
    EXPECT_EQ(call().attempts, 0u);
    EXPECT_EQ(count("register"), 1u);
    put("token", "another");
    EXPECT_TRUE(wait_until([&] { return scanner->state().registration == "active"; }));
    EXPECT_EQ(call().kind, Kind::no_change);
    EXPECT_THAT(log_text(), Not(HasSubstr("another")));
    EXPECT_THAT(log_text(), Not(HasSubstr("secret")));
}

TEST_F(RegistrationLife, ARefusedCallParksItToo)
{
    begin();
    tell(
        R"({"next": {"hook": [{"status": 403, "json": {"error": {"code": "REGISTRATION_MISMATCH"}}}]}})");
    EXPECT_EQ(call().kind, Kind::failure);
    EXPECT_EQ(scanner->state().registration, "parked");
    EXPECT_THAT(scanner->state().trouble, HasSubstr("status 403 REGISTRATION_MISMATCH"));
    scanner->look_again();
    EXPECT_TRUE(wait_until([&] { return scanner->state().registration == "active"; }));
}

TEST_F(RegistrationLife, SuspendedMeansNoCalls)
{
    tell(R"({"set": {"status": "suspended"}})");
    begin();
    EXPECT_EQ(scanner->state().registration, "suspended");
    EXPECT_EQ(call().kind, Kind::failure);
    EXPECT_EQ(count("hook"), 0u);
    tell(R"({"set": {"status": "active"}})");
    scanner->look_again();   // instead of 30 seconds
    EXPECT_TRUE(wait_until([&] { return scanner->state().registration == "active"; }));
    EXPECT_EQ(count("status"), 1u);
    EXPECT_EQ(call().kind, Kind::no_change);
    EXPECT_EQ(count("register"), 1u);
}

TEST_F(RegistrationLife, StagesThatAreRequiredAndNotConfirmedMakeItUseless)
{
    put("require", "data");
    tell(R"({"set": {"stages": ["rcpt"]}})");
    hostile = true;   // "delivery" was not confirmed either
    begin();
    EXPECT_THAT(scanner->state().trouble, HasSubstr("lacks stage data"));
    EXPECT_TRUE(wait_until([&] { return count("delete") == 1; }));
    EXPECT_EQ(call().kind, Kind::failure);
}

TEST_F(RegistrationLife, StagesThatAreNotConfirmedAreNotCalled)
{
    tell(R"({"set": {"stages": ["rcpt"]}})");
    begin();
    EXPECT_EQ(call(Stage::data).kind, Kind::no_change);
    EXPECT_EQ(count("hook"), 0u);
    EXPECT_EQ(call(Stage::rcpt).kind, Kind::no_change);
    EXPECT_EQ(count("hook"), 1u);
}

struct Wrong {
    std::string name, command, trouble;
};
class BadScanner : public ScannerLab, public testing::WithParamInterface<Wrong> {};

TEST_P(BadScanner, IsNotRegisteredWith)
{
    hostile = true;
    tell(GetParam().command);
    begin();
    EXPECT_EQ(scanner->state().registration, "none");
    EXPECT_THAT(scanner->state().trouble, HasSubstr(GetParam().trouble));
    EXPECT_THAT(log_text(), HasSubstr(GetParam().trouble));
    const auto outcome = call();
    EXPECT_EQ(outcome.kind, Kind::failure);
    EXPECT_THAT(outcome.why, StartsWith("not registered: "));
    EXPECT_EQ(count("hook"), 0u);
}

std::string registration(const std::string& members)
{
    return R"({"set": {"registration": )" + members + "}}";
}
std::string document(const std::string& members)
{
    return R"({"set": {"discovery": )" + members + "}}";
}
std::string next(const std::string& kind, const std::string& answer)
{
    return R"({"next": {")" + kind + "\": [" + answer + "]}}";
}

INSTANTIATE_TEST_SUITE_P(
    Each, BadScanner,
    testing::Values(
        Wrong{"HookElsewhere", registration(R"({"hookEndpoint": "https://evil.example/x"})"),
              "hookEndpoint leads elsewhere"},
        Wrong{"HookOnAnotherPort", registration(R"({"hookEndpoint": "http://127.0.0.1:1/x"})"),
              "hookEndpoint leads elsewhere"},
        Wrong{"HookBehindAUser", registration(R"({"hookEndpoint": "http://u:p@127.0.0.1/x"})"),
              "leads elsewhere"},
        Wrong{"HookMissing", registration(R"({"hookEndpoint": null})"), "hookEndpoint is missing"},
        Wrong{"IdForHeaders", registration(R"({"registrationId": "a\r\nX: y"})"),
              "registrationId is malformed"},
        Wrong{"IdTooLong", registration("{\"registrationId\": \"" + std::string(256, 'a') + "\"}"),
              "registrationId is malformed"},
        Wrong{"IdOfAnotherType", registration(R"({"registrationId": 7})"),
              "registrationId is no string"},
        Wrong{"StatusUnknown", registration(R"({"status": "deregistered"})"), "status is unknown"},
        Wrong{"Expired", R"({"set": {"expires_after": -5}})", "expiresAt is over"},
        Wrong{"ExpiryNoDate", R"({"set": {"expires_text": "tomorrow"}})", "expiresAt is no date"},
        Wrong{"SerializationUnknown", registration(R"({"negotiated": {"serialization": "xml"}})"),
              "none we speak"},
        Wrong{"NothingNegotiated", registration(R"({"negotiated": {"serialization": "json"}})"),
              "lacks stage any"},
        Wrong{"StatusElsewhere",
              registration(R"({"endpoints": {"status": "https://evil.example/"}})"),
              "status leads elsewhere"},
        Wrong{"NotCreated", next("register", R"({"status": 200, "json": {}})"), "status 200"},
        Wrong{"Redirected",
              next("register", R"({"status": 307, "fields": {"Location": "/v1/hooks/register"}})"),
              "status 307"},
        Wrong{"Nonsense", next("register", R"({"status": 201, "text": "<html>"})"),
              "registration: "},
        Wrong{"TwiceTheSameName",
              next("register", R"({"status": 201, "text": "{\"status\": 1, \"status\": 2}"})"),
              "registration: "},
        Wrong{"Full", next("register", R"({"status": 409, "json": {"error": {"code": "FULL"}}})"),
              "status 409 FULL"},
        Wrong{"Wild", next("register", R"({"status": 500, "text": "a\u0007b\u001b[31m"})"),
              "status 500 a?b?[31m"},
        Wrong{"Version", document(R"({"version": "2.0"})"), "version is none we speak"},
        Wrong{"RegistrationElsewhere",
              document(R"({"endpoints": {"registration": "//evil.example/x"}})"),
              "endpoints.registration leads elsewhere"},
        Wrong{"NoCapabilities", document(R"({"capabilities": null})"), "capabilities is missing"},
        Wrong{"LimitsNegative", document(R"({"limits": {"maxMessageSize": -1}})"),
              "limits.maxMessageSize is no unsigned integer"},
        Wrong{"DiscoveryGone", next("discovery", R"({"status": 404})"), "discovery: status 404"},
        Wrong{
            "DiscoveryRedirected",
            next("discovery", R"({"status": 302, "fields": {"Location": "http://evil.example/"}})"),
            "discovery: status 302"},
        Wrong{"DiscoveryEndless",
              next("discovery", R"({"raw": "HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n"})"),
              "discovery: reply over"},
        Wrong{"DiscoveryDeep",
              next("discovery", "{\"text\": \"" + std::string(100000, '[') + "\"}"), "discovery: "},
        Wrong{"NoOffer", document(R"({"capabilities": {"inbound": null, "outbound": null}})"),
              "none of the stages"}),
    [](const auto& about) { return about.param.name; });

}
}
