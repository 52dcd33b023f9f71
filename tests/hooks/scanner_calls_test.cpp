// Hook calls against a scanner over HTTP that behaves in every way it can.
#include "hooks/scanner_lab.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>

namespace grapnel::hooks::test {
namespace {

using namespace std::chrono_literals;
namespace json = boost::json;
using testing::Each;
using testing::HasSubstr;
using testing::StartsWith;
using Kind = CallOutcome::Kind;

std::string next(const std::string& answers) { return R"({"next": {"hook": [)" + answers + "]}}"; }

class ScannerCall : public ScannerLab {};

TEST_F(ScannerCall, AnswersWithEdits)
{
    begin();
    tell(next(R"({"json": {"set": [{"path": "/action", "value": "reject"}]}})"));
    const auto outcome = call();
    EXPECT_EQ(outcome.kind, Kind::answer) << outcome.why;
    EXPECT_EQ(outcome.status, 200);
    EXPECT_EQ(outcome.attempts, 1u);
    EXPECT_EQ(outcome.agreement->id, "r-1");
    EXPECT_EQ(json::parse(outcome.answer).at("set").as_array().size(), 1u);
    const auto hook = asked().at(0);
    EXPECT_EQ(text(hook, "requestId"), outcome.request_id);
    EXPECT_EQ(text(hook.at("document"), "stage"), "data");
    EXPECT_EQ(text(hook.at("fields"), "authorization"), "Bearer secret");
}

TEST_F(ScannerCall, SendsOnlyWhatWasAgreed)
{
    put("properties", "/envelope/from /rawMessage");
    begin();
    call();
    const auto document = asked().at(0).at("document").as_object();
    EXPECT_TRUE(document.contains("rawMessage"));
    EXPECT_FALSE(document.contains("client"));
    EXPECT_FALSE(document.contains("message"));
    EXPECT_FALSE(document.at("envelope").as_object().contains("to"));
}

TEST_F(ScannerCall, SendsALargeMessage)
{
    begin();
    const std::string line(75, 'x');
    std::string message = "Subject: large\n\n";
    while (message.size() < 12'000'000) message += line + '\n';
    EXPECT_EQ(call(Stage::data, message).kind, Kind::no_change);
    EXPECT_GT(asked().at(0).at("size").as_int64(), 16'000'000);
}

TEST_F(ScannerCall, EachHasAnIdOfItsOwn)
{
    begin();
    EXPECT_NE(call().request_id, call().request_id);
    EXPECT_EQ(call(Stage::rcpt).kind, Kind::no_change);
    EXPECT_EQ(call(Stage::delivery).kind, Kind::no_change);
}

TEST_F(ScannerCall, IsRetriedWithTheSameOctetsAndId)
{
    begin();
    tell(next(R"({"status": 503}, {"json": {}, "cut": 60})"));
    const auto outcome = call();
    EXPECT_EQ(outcome.kind, Kind::no_change) << outcome.why;
    EXPECT_EQ(outcome.attempts, 3u);
    const auto hooks = asked();
    ASSERT_EQ(hooks.size(), 3u);
    for (const auto& hook : hooks) {
        EXPECT_EQ(text(hook, "requestId"), outcome.request_id);
        EXPECT_EQ(text(hook, "sha256"), text(hooks[0], "sha256"));
    }
}

TEST_F(ScannerCall, IsRetriedAsOftenAsConfigured)
{
    put("retries", "1");
    begin();
    tell(next(R"({"status": 500}, {"status": 502}, {"status": 503})"));
    const auto outcome = call();
    EXPECT_EQ(outcome.kind, Kind::failure);
    EXPECT_EQ(outcome.attempts, 2u);
    EXPECT_EQ(outcome.status, 502);
    EXPECT_THAT(outcome.why, StartsWith("status 502"));
}

struct Behaviour {
    std::string name, answer;
    Kind kind;
    unsigned attempts;   // where every attempt is answered so
    std::string why;
};
class ScannerBehaviour : public ScannerLab, public testing::WithParamInterface<Behaviour> {};

TEST_P(ScannerBehaviour, HasItsOutcome)
{
    begin();
    const auto& answer = GetParam().answer;
    // A warm connection that says nothing is replaced once, unseen.
    std::string answers = answer;
    for (int n = 0; n < 6; ++n) answers += ", " + answer;
    tell(next(answers));
    const auto outcome = call();
    EXPECT_EQ(outcome.kind, GetParam().kind) << outcome.why;
    EXPECT_EQ(outcome.attempts, GetParam().attempts);
    EXPECT_THAT(outcome.why, HasSubstr(GetParam().why));
    EXPECT_TRUE(outcome.kind == Kind::answer || outcome.answer.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Each, ScannerBehaviour,
    testing::Values(
        Behaviour{"NoContent", R"({"status": 204})", Kind::no_change, 1, ""},
        Behaviour{"NoContentWithABody",
                  R"({"raw": "HTTP/1.1 204 x\r\nContent-Length: 2\r\n\r\n{}", "ends": false})",
                  Kind::no_change, 1, ""},
        Behaviour{"EmptyObject", R"({"json": {}})", Kind::answer, 1, ""},
        Behaviour{"Chunked", R"({"json": {}, "chunked": true})", Kind::answer, 1, ""},
        Behaviour{"TypeWithParameters",
                  R"({"text": "{}", "type": "Application/JSON; charset=utf-8"})", Kind::answer, 1,
                  ""},
        Behaviour{"Nothing", R"({"text": ""})", Kind::malformed, 1, "empty"},
        Behaviour{"TypeMissing", R"({"text": "{}", "type": "none"})", Kind::malformed, 1,
                  "Content-Type"},
        Behaviour{"TypeWrong", R"({"text": "{}", "type": "text/html"})", Kind::malformed, 1,
                  "Content-Type"},
        Behaviour{"TypeOfTheOtherSerialization", R"({"text": "{}", "type": "application/cbor"})",
                  Kind::malformed, 1, "Content-Type"},
        Behaviour{"OtherSuccess", R"({"status": 202, "json": {}})", Kind::malformed, 1,
                  "status 202"},
        Behaviour{"Encoded", R"({"json": {}, "fields": {"Content-Encoding": "gzip"}})",
                  Kind::malformed, 1, "encoded"},
        Behaviour{"TooLong", R"({"raw": "HTTP/1.1 200 x\r\nContent-Length: 2000000\r\n\r\n"})",
                  Kind::malformed, 1, "over 1048576 octets"},
        Behaviour{"Redirect", R"({"status": 302, "fields": {"Location": "/v1/hooks/invoke/r-1"}})",
                  Kind::failure, 1, "status 302"},
        Behaviour{"BadRequest",
                  R"({"status": 400, "json": {"error": {"code": "INVALID_REQUEST"}}})",
                  Kind::failure, 1, "status 400 INVALID_REQUEST"},
        Behaviour{"Conflict", R"({"status": 409})", Kind::failure, 1, "status 409"},
        Behaviour{"TooLarge", R"({"status": 413})", Kind::oversize, 1, "status 413"},
        Behaviour{"Unprocessable", R"({"status": 422})", Kind::failure, 1, "status 422"},
        Behaviour{"TooMany", R"({"status": 429})", Kind::failure, 3, "status 429"},
        Behaviour{"TooManyForLong", R"({"status": 429, "fields": {"Retry-After": "3600"}})",
                  Kind::failure, 1, "status 429"},
        Behaviour{"InternalError", R"({"status": 500, "text": "<h1>oops</h1>"})", Kind::failure, 3,
                  "status 500 <h1>oops</h1>"},
        Behaviour{"Silence", R"({"close": true})", Kind::failure, 3, ""},
        Behaviour{"Cut", R"({"json": {"set": []}, "cut": 80})", Kind::failure, 3, ""},
        Behaviour{"CutInItsHeader", R"({"json": {"set": []}, "cut": 60})", Kind::failure, 3, ""},
        Behaviour{"BothFramings", R"({"json": {}, "both_framings": true})", Kind::failure, 3,
                  "both Content-Length and Transfer-Encoding"},
        Behaviour{"NoHttp", R"({"raw": "220 mx.example ESMTP\r\n"})", Kind::failure, 3, ""},
        Behaviour{"FieldsWithoutEnd",
                  "{\"raw\": \"HTTP/1.1 200 x\\r\\nX: " + std::string(70000, 'x') + "\"}",
                  Kind::failure, 3, ""}),
    [](const auto& about) { return about.param.name; });

TEST_F(ScannerCall, RetriesWhenTheScannerSaysSo)
{
    begin();
    tell(next(R"({"status": 429, "fields": {"Retry-After": "1"}})"));
    const auto outcome = call();
    EXPECT_EQ(outcome.kind, Kind::no_change) << outcome.why;
    EXPECT_GE(outcome.took, 1000ms);
}

TEST_F(ScannerCall, EndsWithItsBudgetHoweverBusyTheScannerIs)
{
    put("timeout", "1");
    begin();
    const std::string slow(1000, ' ');
    tell(next(R"({"drip": 0.05, "text": ")" + slow + R"("}, {"drip": 0.05, "text": ")" + slow +
              "\"}"));
    const auto outcome = call();
    EXPECT_EQ(outcome.kind, Kind::failure);
    EXPECT_EQ(outcome.why, "timeout");
    EXPECT_EQ(outcome.attempts, 1u);
    EXPECT_GE(outcome.took, 1000ms);
    EXPECT_LT(outcome.took, 5000ms);
}

TEST_F(ScannerCall, EndsWithWhatIsLeftOfTheStage)
{
    begin();
    tell(next(R"({"delay": 600})"));
    const auto outcome = call(Stage::data, "a: b\n\nc\n", 300ms);
    EXPECT_EQ(outcome.why, "timeout");
    EXPECT_LT(outcome.took, 5000ms);
}

TEST_F(ScannerCall, AnAttemptMayHaveLessTimeThanTheCall)
{
    put("attempt-timeout", "1");
    begin();
    tell(next(R"({"delay": 600})"));
    const auto outcome = call();
    EXPECT_EQ(outcome.kind, Kind::no_change) << outcome.why;
    EXPECT_EQ(outcome.attempts, 2u);
}

TEST_F(ScannerCall, TheScannersOwnTimeHoldsWhereNoneIsConfigured)
{
    tell(R"({"set": {"limits": {"timeoutMs": 50}}})");   // at least a second
    begin();
    tell(next(R"({"delay": 600})"));
    const auto outcome = call();
    EXPECT_EQ(outcome.why, "timeout");
    EXPECT_GE(outcome.took, 1000ms);
    EXPECT_LT(outcome.took, 5000ms);
}

TEST_F(ScannerCall, WhatIsTooLargeForTheScannerIsNotSent)
{
    tell(R"({"set": {"limits": {"maxMessageSize": 100}}})");
    begin();
    EXPECT_EQ(call(Stage::data, "a: b\n\n" + std::string(100, 'x')).kind, Kind::oversize);
    EXPECT_EQ(count("hook"), 0u);
    EXPECT_EQ(call(Stage::data, "a: b\n\nc\n").kind, Kind::no_change);
    EXPECT_EQ(call(Stage::rcpt).kind, Kind::no_change);
}

TEST_F(ScannerCall, WhereTheMessageIsNotSentItsSizeDoesNotMatter)
{
    put("properties", "/envelope");
    tell(R"({"set": {"limits": {"maxMessageSize": 100}}})");
    begin();
    EXPECT_EQ(call(Stage::data, "a: b\n\n" + std::string(100, 'x')).kind, Kind::no_change);
}

TEST_F(ScannerCall, WhoMayReplaceTheMessageMayAnswerAtLength)
{
    const auto answer =
        next("{\"text\": \"{\\\"set\\\": [" + std::string(3'000'000, ' ') + "]}\"}");
    begin();
    tell(answer);
    EXPECT_EQ(call().kind, Kind::malformed);
    put("allow", "/rawMessage");
    restart();
    EXPECT_TRUE(wait_until([&] { return scanner->state().registration_id == "r-2"; }));
    tell(answer);
    EXPECT_EQ(call().kind, Kind::answer);
    tell(answer);
    EXPECT_EQ(call(Stage::rcpt).kind, Kind::malformed);
}

TEST_F(ScannerCall, NoMoreAtOnceThanAllowed)
{
    put("max-inflight", "3");
    put("max-waiting", "2");
    begin();
    tell(next(R"({"delay": 0.3, "status": 204}, {"delay": 0.3, "status": 204},
                 {"delay": 0.3, "status": 204})"));
    const auto outcomes = calls(8);
    const auto good = std::count_if(outcomes.begin(), outcomes.end(), [](const auto& outcome) {
        return outcome.kind == Kind::no_change;
    });
    EXPECT_EQ(good, 5);
    for (const auto& outcome : outcomes) {
        EXPECT_EQ(outcome.why, outcome.kind == Kind::no_change ? "" : "too many calls wait");
    }
    EXPECT_EQ(scanner->state().in_flight, 0u);
    EXPECT_EQ(scanner->state().waiting, 0u);
}

TEST_F(ScannerCall, WaitsForItsTurnWithinItsOwnBudget)
{
    put("max-inflight", "1");
    put("timeout-rcpt", "1");
    begin();
    tell(next(R"({"delay": 600}, {"delay": 600})"));
    const auto outcomes = calls(3, Stage::rcpt);
    EXPECT_EQ(outcomes[0].why, "timeout");
    EXPECT_EQ(outcomes[2].attempts, 0u);
    EXPECT_THAT(outcomes[2].why, StartsWith("timeout"));
}

TEST_F(ScannerCall, ThatNobodyWaitsForAnyMoreGivesItsTurnBack)
{
    put("max-inflight", "1");
    begin();
    tell(next(R"({"delay": 600})"));
    EXPECT_EQ(call(Stage::rcpt, "", 200ms).kind, Kind::failure);
    EXPECT_EQ(call(Stage::rcpt).kind, Kind::no_change);
}

TEST_F(ScannerCall, AfterFailuresInARowNobodyIsAskedForAWhile)
{
    put("breaker-failures", "3");
    put("breaker-open", "1");
    put("retries", "0");
    begin();
    tell(next(R"({"status": 500}, {"status": 500}, {"json": {}, "type": "text/html"})"));
    for (int n = 0; n < 3; ++n) EXPECT_NE(call().kind, Kind::no_change);
    EXPECT_EQ(scanner->state().breaker, "open");
    EXPECT_EQ(call().why, "breaker");
    EXPECT_EQ(count("hook"), 3u);
    CallOutcome outcome;
    EXPECT_TRUE(wait_until(
        [until = net::SteadyClock::now() + 1s] { return net::SteadyClock::now() >= until; }));
    EXPECT_EQ(call().kind, Kind::no_change);
    EXPECT_EQ(scanner->state().breaker, "closed");
    EXPECT_THAT(log_text(), HasSubstr("breaker opens"));
    EXPECT_THAT(log_text(), HasSubstr("breaker closes"));
}

TEST_F(ScannerCall, AnswersThatAreBlamedOpenTheBreakerToo)
{
    put("breaker-failures", "3");
    tell(R"({"set": {"answer": {"json": {"set": 7}}}})");
    begin();
    for (int n = 0; n < 3; ++n) {
        EXPECT_EQ(call().kind, Kind::answer);
        scanner->blame();
    }
    EXPECT_EQ(call().why, "breaker");
}

TEST_F(ScannerCall, MayEndBeforeItsScannerDoes)
{
    begin();
    tell(next(R"({"delay": 0.5, "status": 204})"));
    CallOutcome outcome;
    bool called = false, ended = false;
    net::start(loop->executor(), small_call(scanner, outcome),
               [&](std::exception_ptr) { called = true; });
    EXPECT_TRUE(wait_until([&] { return scanner->state().in_flight == 1; }));
    net::start(loop->executor(), scanner->end(), [&](std::exception_ptr) { ended = true; });
    EXPECT_TRUE(wait_until([&] { return called; }));
    EXPECT_EQ(outcome.kind, Kind::no_change) << outcome.why;
    EXPECT_EQ(call().why, "ending");
    EXPECT_TRUE(wait_until([&] { return ended; }));
    EXPECT_EQ(count("delete"), 1u);
    EXPECT_EQ(count("hook"), 1u);
}

class ScannerOverTls : public ScannerLab {
protected:
    ScannerOverTls() : ScannerLab(true) {}
};

TEST_F(ScannerOverTls, IsAskedOnOneWarmConnection)
{
    begin();
    for (int n = 0; n < 3; ++n) EXPECT_EQ(call().kind, Kind::no_change);
    EXPECT_EQ(text(asked().at(0).at("tls"), "version"), "TLSv1.3");
    end();
}

TEST_F(ScannerOverTls, MustHaveACertificateOfTheRightAuthority)
{
    static const grapnel::test::Certificates others;
    put("ca.pem", grapnel::test::slurp(others / "ca.pem"));
    begin();
    EXPECT_EQ(scanner->state().registration, "none");
    EXPECT_THAT(scanner->state().trouble, HasSubstr("certificate"));
    EXPECT_EQ(count(""), 0u);
}

TEST_F(ScannerOverTls, MustHaveACertificateOfItsOwnName)
{
    put("url", "https://localhost:" + std::to_string(http.port()) + '/');
    begin();
    EXPECT_EQ(scanner->state().registration, "none");
    EXPECT_THAT(scanner->state().trouble, HasSubstr("localhost"));
    EXPECT_EQ(count(""), 0u);
}

TEST_F(ScannerOverTls, IsToldWhoWeAreByCertificateButNotInDiscovery)
{
    put("client-cert.pem", grapnel::test::slurp(certificates() / "client.pem"));
    put("client-key.pem", grapnel::test::slurp(certificates() / "client.key"));
    tell(R"({"set": {"client_certificate": true}})");
    begin();
    EXPECT_EQ(scanner->state().registration, "active") << log_text();
    EXPECT_EQ(call().kind, Kind::no_change);
    end();
    EXPECT_EQ(count("delete"), 1u);
}

TEST_F(ScannerOverTls, WithoutOurCertificateWeAreParked)
{
    tell(R"({"set": {"client_certificate": true}})");
    begin();
    EXPECT_EQ(scanner->state().registration, "parked");
    put("client-cert.pem", grapnel::test::slurp(certificates() / "client.pem"));
    put("client-key.pem", grapnel::test::slurp(certificates() / "client.key"));
    EXPECT_TRUE(wait_until([&] { return scanner->state().registration == "active"; }));
}

class SignedCall : public ScannerLab {};

TEST_F(SignedCall, IsSignedFromTheRegistrationToTheEnd)
{
    put("hmac-key", "c2hhcmVkIHNlY3JldA==");
    put("hmac-keyid", "mx1");
    tell(R"({"set": {"hmac_key": "c2hhcmVkIHNlY3JldA==", "hmac_keyid": "mx1"}})");
    begin();
    EXPECT_EQ(scanner->state().registration, "active") << log_text();
    tell(next(R"({"status": 503})"));
    const auto outcome = call();
    EXPECT_EQ(outcome.kind, Kind::no_change) << outcome.why;
    EXPECT_EQ(outcome.attempts, 2u);
    EXPECT_EQ(scanner->state().registration, "active");
    end();
    EXPECT_EQ(count("delete"), 1u);
    EXPECT_THAT(log_text(), HasSubstr("deregistered r-1"));
}

TEST_F(SignedCall, WithAnotherKeyIsRefused)
{
    put("hmac-key", "b3RoZXI=");
    put("hmac-keyid", "mx1");
    tell(R"({"set": {"hmac_key": "c2hhcmVkIHNlY3JldA==", "hmac_keyid": "mx1"}})");
    begin();
    EXPECT_EQ(scanner->state().registration, "parked");
}

// mta-hooks 20.1.
class RspamdProfile : public ScannerLab {
protected:
    RspamdProfile()
    {
        put("stages", "data");
        put("token", "0123456789abcdef0123456789abcdef");
        tell(R"({"set": {"profile": "rspamd", "token": "0123456789abcdef0123456789abcdef",
                         "expires_after": 3600}})");
    }
};

TEST_F(RspamdProfile, IsMet)
{
    begin();
    ASSERT_EQ(scanner->state().registration, "active") << log_text();
    EXPECT_TRUE(scanner->state().expires_at);
    tell(next(R"({"status": 503, "fields": {"Retry-After": "1"}})"));
    const auto outcome = call();
    EXPECT_EQ(outcome.kind, Kind::no_change) << outcome.why;
    EXPECT_GE(outcome.took, 1s);
    const auto document = asked().at(0).at("document").as_object();
    EXPECT_TRUE(document.contains("rawMessage"));
    EXPECT_FALSE(document.contains("senderAuth"));
    EXPECT_EQ(scanner->agreement()->actions.size(), 4u);
    end();
}

TEST_F(RspamdProfile, RefusesAFilterThatIsDisclosed)
{
    put("filter", R"({"minSize": 10})");
    begin();
    EXPECT_THAT(scanner->state().trouble, HasSubstr("status 422 UNSUPPORTED_FILTER"));
    put("filter-disclose", "0");
    restart();
    EXPECT_EQ(scanner->state().registration, "active");
}

TEST_F(RspamdProfile, CountsRequestsAndSaysWhenThereAreTooMany)
{
    begin();
    for (int n = 0; n < 4; ++n)
        for (const auto& outcome : calls(256)) EXPECT_EQ(outcome.kind, Kind::no_change);
    const auto outcome = call(Stage::data, "a: b\n\nc\n", 500ms);
    EXPECT_EQ(outcome.kind, Kind::failure);
    EXPECT_EQ(outcome.status, 429);
    EXPECT_EQ(scanner->state().breaker, "closed");
}

}
}
