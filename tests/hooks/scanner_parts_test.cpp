// What a scanner's life and calls are made of, without a network.
#include "hooks/calls/breaker.hpp"
#include "hooks/calls/slots.hpp"
#include "hooks/http/call_verdict.hpp"
#include "hooks/http/signature.hpp"
#include "hooks/registration/discovery.hpp"
#include "hooks/registration/registration_file.hpp"
#include "hooks/registration/registration_trouble.hpp"
#include "hooks/values/base64.hpp"

#include "base/net/digest.hpp"
#include "base/net/within.hpp"

#include <gmock/gmock.h>

namespace grapnel::hooks {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class BreakerTest : public testing::Test {
protected:
    bool admits() { return breaker.admit(now) != Breaker::Admission::no; }
    void fail(unsigned times)
    {
        for (unsigned n = 0; n < times; ++n) {
            ASSERT_TRUE(admits());
            breaker.bad(now);
        }
    }

    Breaker breaker{3, 30s};
    Breaker::Moment now = {};
};

TEST_F(BreakerTest, OpensAfterFailuresInARow)
{
    fail(2);
    breaker.good();
    breaker.good();
    fail(3);
    EXPECT_FALSE(admits());
    now += 29s;
    EXPECT_FALSE(admits());
}

TEST_F(BreakerTest, LetsOneProbeThrough)
{
    fail(3);
    now += 30s;
    EXPECT_EQ(breaker.admit(now), Breaker::Admission::probe);
    EXPECT_FALSE(admits());
    breaker.good();
    EXPECT_TRUE(admits());
    EXPECT_EQ(breaker.state(), Breaker::State::closed);
}

TEST_F(BreakerTest, StaysOpenLongerEachTimeAProbeFails)
{
    fail(3);
    for (const auto pause : {30s, 60s, 120s, 240s, 300s, 300s}) {
        now += pause - 1s;
        EXPECT_FALSE(admits()) << pause.count();
        now += 1s;
        ASSERT_TRUE(admits()) << pause.count();
        breaker.bad(now);
    }
}

TEST_F(BreakerTest, AProbeWithoutResultMakesRoomForAnother)
{
    fail(3);
    now += 30s;
    const auto probe = breaker.admit(now);
    EXPECT_FALSE(admits());
    breaker.unknown(probe);
    EXPECT_TRUE(admits());
}

TEST_F(BreakerTest, FailuresOfCallsFromBeforeDoNotProlongIt)
{
    for (int n = 0; n < 10; ++n) EXPECT_TRUE(admits());
    for (int n = 0; n < 10; ++n) breaker.bad(now);
    now += 30s;
    EXPECT_TRUE(admits());
}

TEST_F(BreakerTest, AnswersThatAreBlamedWereFailures)
{
    for (int n = 0; n < 3; ++n) {
        ASSERT_TRUE(admits());
        breaker.good();
        breaker.blame(now);
    }
    EXPECT_FALSE(admits());
    now += 30s;
    EXPECT_TRUE(admits());   // the probe
    breaker.good();
    breaker.blame(now);
    now += 59s;
    EXPECT_FALSE(admits());
    now += 1s;
    EXPECT_TRUE(admits());
}

struct Turns {
    net::Loop loop;
    Slots slots{loop.executor(), 1, 2};
    std::string order;

    net::asio::awaitable<void> work(char name, std::chrono::milliseconds wait,
                                    std::chrono::milliseconds busy)
    {
        const auto slot = co_await slots.take(net::SteadyClock::now() + wait);
        order += slot ? name : '-';
        if (slot) co_await net::sleep_for(busy);
    }
    void start(char name, std::chrono::milliseconds wait, std::chrono::milliseconds busy)
    {
        net::start(loop.executor(), work(name, wait, busy), [](std::exception_ptr) {});
    }
};

TEST(Slots, AreGivenInTheOrderOfAsking)
{
    Turns turns;
    for (const char name : {'a', 'b', 'c', 'd'}) turns.start(name, 10s, 5ms);
    turns.loop.run();
    EXPECT_EQ(turns.order, "a-bc");   // d was one too many
    EXPECT_EQ(turns.slots.taken(), 0u);
}

TEST(Slots, WhoDoesNotWaitAnyLongerIsPassedOver)
{
    Turns turns;
    turns.start('a', 10s, 100ms);
    turns.start('b', 10ms, 5ms);
    turns.start('c', 10s, 5ms);
    turns.loop.run();
    EXPECT_EQ(turns.order, "a-c");
    EXPECT_EQ(turns.slots.taken(), 0u);
}

net::asio::awaitable<void> give_up(Turns& turns)
{
    co_await net::within(20ms, turns.work('b', 10s, 5ms));
}

TEST(Slots, WhoIsCancelledIsPassedOverToo)
{
    Turns turns;
    turns.start('a', 10s, 100ms);
    net::start(turns.loop.executor(), give_up(turns), [](std::exception_ptr) {});
    turns.start('c', 10s, 5ms);
    turns.loop.run();
    EXPECT_EQ(turns.order, "a-c");
    EXPECT_EQ(turns.slots.taken(), 0u);
    EXPECT_EQ(turns.slots.waiting(), 0u);
}

net::HttpReply reply(int status, std::vector<net::HttpField> fields = {}, std::string body = {})
{
    net::HttpReply made;
    made.status = status;
    made.fields = std::move(fields);
    made.body = std::move(body);
    return made;
}

TEST(CallVerdict, OfRetryAfterASecondsOnly)
{
    const auto pause = [](const char* text) {
        return judge_call(reply(429, {{"retry-after", text}}), Serialization::json).retry_after;
    };
    EXPECT_EQ(pause("7"), 7s);
    EXPECT_EQ(pause("99999999"), 24h);
    for (const auto* text : {"", "-1", "1.5", "Sun, 06 Nov 1994 08:49:37 GMT", "99999999999999"})
        EXPECT_FALSE(pause(text)) << text;
}

TEST(CallVerdict, CertificatesAreNotTriedAgain)
{
    net::HttpReply untrusted;
    untrusted.trouble = net::HttpTrouble::untrusted;
    EXPECT_FALSE(judge_call(untrusted, Serialization::json).may_retry);
    untrusted.trouble = net::HttpTrouble::network;
    EXPECT_TRUE(judge_call(untrusted, Serialization::json).may_retry);
}

TEST(CallVerdict, SaysOfARefusalNoMoreThanALogCanTake)
{
    const auto why = refusal_text(reply(500, {}, std::string(5000, 'x') + "\n\x1b[31m"));
    EXPECT_LE(why.size(), 220u);
    EXPECT_EQ(refusal_text(reply(400, {}, R"({"error": {"code": "A\nB", "message": "c"}})")),
              "status 400 A?B c");
    EXPECT_EQ(refusal_text(reply(400, {}, R"({"error": 7})")), R"(status 400 {"error": 7})");
    EXPECT_EQ(refusal_text(reply(400)), "status 400");
}

TEST(CallVerdict, PausesDoubleUpToFiveSeconds)
{
    EXPECT_EQ(retry_pause(0, 0ms), 100ms);
    EXPECT_EQ(retry_pause(1, 30ms), 230ms);
    EXPECT_EQ(retry_pause(6, 0ms), 5s);
    EXPECT_EQ(retry_pause(4000000000U, 100ms), 5100ms);
}

TEST(Origins, AreTheScannersOwnAndThoseThatAreListed)
{
    const auto own = *net::Url::parse("https://scanner.example/a/");
    const Origins origins(own, {"https://other.example:8443"});
    const auto led = [&](const char* reference) {
        const auto url = origins.resolve(own, reference);
        return url ? url->text() : std::string("nowhere");
    };
    EXPECT_EQ(led("/b"), "https://scanner.example/b");
    EXPECT_EQ(led("b?c=1"), "https://scanner.example/a/b?c=1");
    EXPECT_EQ(led("https://other.example:8443/b"), "https://other.example:8443/b");
    for (const auto* reference :
         {"https://other.example/b", "http://scanner.example/b", "//evil.example/b",
          "https://scanner.example:444/", "https://u:p@scanner.example/", "/b#c", "file:///b"})
        EXPECT_EQ(led(reference), "nowhere") << reference;
}

TEST(RegistrationTrouble, IsTriedAgainByItsKind)
{
    using Kind = RegistrationTrouble::Kind;
    const auto kind = [](int status) { return judge_registration(reply(status)).kind; };
    for (const int status : {400, 404, 413, 422}) EXPECT_EQ(kind(status), Kind::configuration);
    for (const int status : {401, 403}) EXPECT_EQ(kind(status), Kind::parked);
    EXPECT_EQ(kind(409), Kind::full);
    for (const int status : {200, 302, 418, 429, 500, 503}) EXPECT_EQ(kind(status), Kind::passing);
}

TEST(RegistrationTrouble, PausesDoubleFromOneSecondToFiveMinutes)
{
    using Kind = RegistrationTrouble::Kind;
    const auto pause = [](Kind kind, unsigned failures, double chance) {
        return registration_pause({kind, "", {}}, failures, chance);
    };
    EXPECT_EQ(pause(Kind::passing, 1, 0), 1s);
    EXPECT_EQ(pause(Kind::passing, 4, 0), 8s);
    EXPECT_EQ(pause(Kind::passing, 4, 1), 9600ms);
    EXPECT_EQ(pause(Kind::passing, 4000000, 0), 5min);
    EXPECT_EQ(pause(Kind::configuration, 1, 1), 10min);
    EXPECT_EQ(pause(Kind::full, 1, 0), 5min);
    EXPECT_EQ(registration_pause({Kind::passing, "", 7s}, 1, 0), 7s);
}

// Checked against RFC 9421's form by hand; its arithmetic by the example of B.2.5.
TEST(Signature, HasTheFormOfTheStandard)
{
    const auto fields =
        signature({"POST", "https://a.example/h", std::string(32, '\0'), "r-1", "id"}, "key",
                  "k\"1", 1618884473);
    ASSERT_EQ(fields.size(), 3u);
    EXPECT_EQ(fields[0].name, "Content-Digest");
    EXPECT_EQ(fields[0].value, "sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:");
    const std::string parameters =
        R"(("@method" "@target-uri" "content-digest" "x-mta-hooks-registration" )"
        R"("x-mta-hooks-request-id");created=1618884473;keyid="k\"1";alg="hmac-sha256")";
    EXPECT_EQ(fields[1].value, "sig1=" + parameters);
    const auto base =
        "\"@method\": POST\n\"@target-uri\": https://a.example/h\n\"content-digest\": " +
        fields[0].value +
        "\n\"x-mta-hooks-registration\": r-1\n\"x-mta-hooks-request-id\": id\n"
        "\"@signature-params\": " +
        parameters;
    EXPECT_EQ(fields[2].value, "sig1=:" + base64(net::hmac_sha256("key", base)) + ':');
}

TEST(Signature, ArithmeticIsThatOfTheStandardsExample)
{
    const auto key =
        decode_base64("uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtb"
                      "mHhIDi6pcl8jsasjlTMtDQ==");
    const std::string base =
        "\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n\"@authority\": example.com\n"
        "\"content-type\": application/json\n\"@signature-params\": (\"date\" \"@authority\" "
        "\"content-type\");created=1618884473;keyid=\"test-shared-secret\"";
    EXPECT_EQ(base64(net::hmac_sha256(key.value(), base)),
              "pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=");
}

TEST(Signature, CoversOnlyWhatIsThere)
{
    const auto fields = signature({"GET", "https://a.example/s"}, "key", "k", 1);
    ASSERT_EQ(fields.size(), 2u);
    EXPECT_THAT(fields[0].value, StartsWith("sig1=(\"@method\" \"@target-uri\");created=1;"));
}

KeptRegistration kept()
{
    KeptRegistration made;
    made.configuration = "abc";
    auto& registration = made.registration;
    registration.agreement.id = "r-1";
    registration.agreement.serialization = Serialization::cbor;
    registration.agreement.stages = {Stage::rcpt, Stage::dsn};
    registration.agreement.inbound = {*Pointer::parse("/envelope/from"), *Pointer::parse("/a~1b")};
    registration.agreement.may_change = {*Pointer::parse("/action")};
    registration.agreement.actions = {Action::reject, Action::cancel};
    registration.agreement.message_limit = 1000;
    registration.hook_url = "https://a.example/h";
    registration.deregistration_url = "https://a.example/d";
    registration.registered_at = 1'795'335'330'120;
    registration.expires_at = 1'795'335'930'120;
    registration.timeout = 20s;
    return made;
}

TEST(RegistrationFile, IsReadAsItWasWritten)
{
    const auto read = decode_kept(encode(kept()));
    ASSERT_TRUE(read);
    EXPECT_EQ(encode(*read), encode(kept()));
    EXPECT_EQ(read->registration.agreement.inbound, kept().registration.agreement.inbound);
    EXPECT_EQ(read->registration.agreement.stages, kept().registration.agreement.stages);
    EXPECT_EQ(read->registration.expires_at, kept().registration.expires_at);
    EXPECT_EQ(read->registration.timeout, kept().registration.timeout);
}

TEST(RegistrationFile, CutShortIsOfNoUse)
{
    const auto whole = encode(kept());
    for (std::size_t size = 0; size + 1 < whole.size(); ++size)   // the last octet is a line end
        EXPECT_FALSE(decode_kept(std::string_view(whole).substr(0, size))) << size;
}

TEST(RegistrationFile, AnyOtherConfigurationHasAnotherDigest)
{
    ScannerSettings settings;
    Credentials credentials;
    const RegistrationIdentity identity{"a", "1"};
    const auto digest = [&] { return configuration_digest(settings, credentials, identity); };
    std::vector<std::string> all{digest()};
    settings.url = "https://a.example/";
    all.push_back(digest());
    settings.stages.add(Stage::data);
    all.push_back(digest());
    settings.allow.push_back(*Pointer::parse("/action"));
    all.push_back(digest());
    settings.metadata["a"] = "b";
    all.push_back(digest());
    credentials.token = "t";
    all.push_back(digest());
    EXPECT_EQ(digest(), digest());
    std::sort(all.begin(), all.end());
    EXPECT_EQ(std::unique(all.begin(), all.end()), all.end());
    EXPECT_THAT(all.front(), Not(HasSubstr("t")));
}

}
}
