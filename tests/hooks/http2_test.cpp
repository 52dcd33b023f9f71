// Hook calls over HTTP/2: nghttpx stands before the scanner that checks them.
#include "hooks/scanner_lab.hpp"

#include "base/sys/file.hpp"

#include <boost/json/object.hpp>

namespace grapnel::hooks::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;
using Kind = CallOutcome::Kind;

class ScannerOverHttp2 : public ScannerLab {
protected:
    ScannerOverHttp2()
    {
        put("url", "https://127.0.0.1:" + std::to_string(port) + '/');
        put("ca.pem", grapnel::test::slurp(certificates() / "ca.pem"));
        remove_file(home / "control/hooks/x/insecure-loopback");
        grapnel::test::connect_to(port, grapnel::test::patience);
    }

    grapnel::test::Launch launch() const
    {
        return {{"/usr/sbin/nghttpx", "--frontend=127.0.0.1," + std::to_string(port),
                 "--backend=127.0.0.1," + std::to_string(http.port()), "--single-process",
                 "--single-thread", "--no-ocsp", "--conf=/dev/null", "--errorlog-file=/dev/null",
                 certificates() / "server.key", certificates() / "server.pem"},
                {"PATH=/usr/bin:/bin"},
                {},
                {},
                true};
    }

    void expect_http2()
    {
        for (const auto& request : asked(""))
            EXPECT_THAT(text(request.at("fields"), "via"), StartsWith("2 nghttpx"));
    }

    grapnel::test::Port port = grapnel::test::free_port();
    grapnel::test::Process proxy{launch()};
};

TEST_F(ScannerOverHttp2, IsRegisteredWithAskedAndLeft)
{
    begin();
    ASSERT_EQ(scanner->state().registration, "active") << log_text();
    EXPECT_EQ(call().kind, Kind::no_change);
    end();
    EXPECT_EQ(count("delete"), 1u);
    expect_http2();
}

TEST_F(ScannerOverHttp2, TakesManyCallsAtOnce)
{
    begin();
    for (const auto& outcome : calls(100)) EXPECT_EQ(outcome.kind, Kind::no_change) << outcome.why;
    expect_http2();
}

TEST_F(ScannerOverHttp2, TakesALargeMessage)
{
    begin();
    std::string message = "Subject: large\n\n";
    while (message.size() < 8'000'000) message += std::string(75, 'x') + '\n';
    EXPECT_EQ(call(Stage::data, message).kind, Kind::no_change);
    EXPECT_GT(asked().at(0).at("size").as_int64(), 10'000'000);
}

TEST_F(ScannerOverHttp2, ACallThatIsGivenUpDoesNotDisturbTheNext)
{
    begin();
    tell(R"({"next": {"hook": [{"delay": 600}]}})");
    EXPECT_EQ(call(Stage::data, "a: b\n\nc\n", 300ms).why, "timeout");
    EXPECT_EQ(call().kind, Kind::no_change);
    expect_http2();
}

TEST_F(ScannerOverHttp2, AnswersOverTheLimitAreCutOff)
{
    begin();
    tell("{\"next\": {\"hook\": [{\"text\": \"" + std::string(2'000'000, ' ') + "\"}]}}");
    const auto outcome = call();
    EXPECT_EQ(outcome.kind, Kind::malformed) << outcome.why;
    EXPECT_THAT(outcome.why, HasSubstr("over 1048576 octets"));
    EXPECT_EQ(call().kind, Kind::no_change);
}

TEST_F(ScannerOverHttp2, RetriesAreTheSameOctetsThereToo)
{
    begin();
    tell(R"({"next": {"hook": [{"status": 503}]}})");
    EXPECT_EQ(call().attempts, 2u);
    const auto hooks = asked();
    ASSERT_EQ(hooks.size(), 2u);
    EXPECT_EQ(text(hooks[0], "sha256"), text(hooks[1], "sha256"));
}

}
}
