#include "hooks/scanner/scanner_settings.hpp"

#include "base/sys/file.hpp"
#include "support/temp_home.hpp"

#include <gmock/gmock.h>

#include <array>
#include <sys/stat.h>

namespace grapnel::hooks {
namespace {

using namespace std::chrono_literals;
using test::TempDirectory;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ScannerDirectory : public testing::Test {
protected:
    ScannerDirectory()
    {
        make_directory(control / "hooks", 0755);
        make("x");
        put("url", "https://scanner.example:11343/");
        put("token", "secret", 0400);
        put("stages", "rcpt data");
    }

    void make(const std::string& name) { make_directory(control / ("hooks/" + name), 0755); }
    void put(const std::string& file, const std::string& text, unsigned mode = 0644,
             const std::string& scanner = "x")
    {
        const auto path = control / ("hooks/" + scanner + '/' + file);
        remove_file(path);
        test::spill(path, text + '\n', mode);
        ::chmod(path.c_str(), mode);
    }
    void remove(const std::string& file) { remove_file(control / ("hooks/x/" + file)); }

    ReadScanner read() { return read_scanner(control.path(), "x", true); }
    ScannerSettings good()
    {
        auto scanner = read();
        EXPECT_THAT(scanner.errors, IsEmpty());
        return scanner.settings;
    }

    TempDirectory control;
};

std::vector<std::string> texts(const std::vector<Pointer>& pointers)
{
    std::vector<std::string> all;
    for (const auto& pointer : pointers) all.push_back(pointer.text());
    return all;
}

TEST_F(ScannerDirectory, HasDefaultsForAllButThree)
{
    const auto settings = good();
    EXPECT_EQ(settings.name, "x");
    EXPECT_EQ(settings.url, "https://scanner.example:11343/");
    EXPECT_TRUE(settings.discovery);
    EXPECT_EQ(settings.credentials.token, "secret");
    EXPECT_EQ(settings.stages, (Stages{Stage::rcpt, Stage::data}));
    EXPECT_TRUE(settings.required.empty());
    EXPECT_FALSE(settings.properties);
    EXPECT_THAT(texts(settings.allow),
                ElementsAre("/action", "/response", "/message/headers", "/message/subject"));
    EXPECT_THAT(texts(settings.allow_outbound), ElementsAre("/action", "/envelope/to"));
    EXPECT_FALSE(settings.actions);
    EXPECT_EQ(settings.serialization, WantedSerialization::automatic);
    EXPECT_TRUE(settings.disclose_filter);
    EXPECT_FALSE(settings.timeouts[0]);
    EXPECT_EQ(settings.retries, 2u);
    EXPECT_EQ(settings.on_failure, Policy::tempfail);
    EXPECT_EQ(settings.on_failure_outbound, Policy::accept);
    EXPECT_EQ(settings.on_malformed, Policy::accept);
    EXPECT_EQ(settings.on_oversize, Policy::accept);
    EXPECT_EQ(settings.max_inflight, 32u);
    EXPECT_EQ(settings.max_waiting, 1024u);
    EXPECT_EQ(settings.max_connections, 32u);
    EXPECT_EQ(settings.breaker_failures, 5u);
    EXPECT_EQ(settings.breaker_open, 30s);
}

TEST_F(ScannerDirectory, HoldsOneSettingAFile)
{
    put("discovery", "0");
    put("register-url", "https://scanner.example:11343/v1/register");
    put("serialization", "cbor");
    put("stages", "connect rcpt\ndata\tdsn");
    put("require", "data");
    put("properties", "/envelope /message/subject\n# none else");
    put("allow", "/rawMessage");
    put("allow-outbound", "/action");
    put("actions", "reject cancel");
    put("allow-downgrade", "1");
    put("relay-recipients", "1");
    put("filter", "{\"minSize\":\n10}");
    put("filter-disclose", "0");
    put("timeout", "20");
    put("timeout-data", "60");
    put("attempt-timeout", "7");
    put("retries", "0");
    put("on-failure", "quarantine");
    put("on-failure-outbound", "tempfail");
    put("on-malformed", "tempfail");
    put("on-oversize", "reject");
    put("max-inflight", "3");
    put("max-waiting", "0");
    put("max-connections", "2");
    put("breaker-failures", "9");
    put("breaker-open", "4");
    put("metadata", "site  east coast\nrack 7");
    put("capture", "1");
    put("ca.pem", "x");
    put("allow-origin", "https://other.example");
    put("hmac-key", "AAECAw==", 0400);
    put("hmac-keyid", "k1");
    put("client-key.pem", "x", 0400);
    put("client-cert.pem", "x");
    const auto settings = good();
    EXPECT_FALSE(settings.discovery);
    EXPECT_EQ(settings.register_url, "https://scanner.example:11343/v1/register");
    EXPECT_EQ(settings.serialization, WantedSerialization::cbor);
    EXPECT_EQ(settings.stages, (Stages{Stage::connect, Stage::rcpt, Stage::data, Stage::dsn}));
    EXPECT_EQ(settings.required, Stages{Stage::data});
    EXPECT_THAT(texts(settings.properties.value()), ElementsAre("/envelope", "/message/subject"));
    EXPECT_THAT(texts(settings.allow), ElementsAre("/rawMessage"));
    EXPECT_THAT(texts(settings.allow_outbound), ElementsAre("/action"));
    EXPECT_THAT(settings.actions.value(), ElementsAre(Action::reject, Action::cancel));
    EXPECT_TRUE(settings.allow_downgrade && settings.relay_recipients && settings.capture);
    EXPECT_EQ(settings.filter, "{\"minSize\":\n10}");
    EXPECT_FALSE(settings.disclose_filter);
    EXPECT_EQ(settings.timeouts[static_cast<std::size_t>(Stage::rcpt)], 20s);
    EXPECT_EQ(settings.timeouts[static_cast<std::size_t>(Stage::data)], 60s);
    EXPECT_EQ(settings.attempt_timeout, 7s);
    EXPECT_EQ(settings.retries, 0u);
    EXPECT_EQ(settings.on_failure, Policy::quarantine);
    EXPECT_EQ(settings.on_failure_outbound, Policy::tempfail);
    EXPECT_EQ(settings.on_malformed, Policy::tempfail);
    EXPECT_EQ(settings.on_oversize, Policy::reject);
    EXPECT_EQ(settings.max_inflight, 3u);
    EXPECT_EQ(settings.max_waiting, 0u);
    EXPECT_EQ(settings.max_connections, 2u);
    EXPECT_EQ(settings.breaker_failures, 9u);
    EXPECT_EQ(settings.breaker_open, 4s);
    EXPECT_EQ(settings.metadata,
              (std::map<std::string, std::string>{{"site", "east coast"}, {"rack", "7"}}));
    EXPECT_EQ(settings.ca_file, control / "hooks/x/ca.pem");
    EXPECT_THAT(settings.origins, ElementsAre("https://other.example"));
    EXPECT_EQ(settings.credentials.hmac_key, std::string("\0\1\2\3", 4));
    EXPECT_EQ(settings.credentials.hmac_key_id, "k1");
    EXPECT_EQ(settings.credentials.client_key_file, control / "hooks/x/client-key.pem");
    EXPECT_EQ(settings.credentials.client_cert_file, control / "hooks/x/client-cert.pem");
}

struct Wrong {
    std::string file, text, error;
};
class WrongSetting : public ScannerDirectory, public testing::WithParamInterface<Wrong> {};

TEST_P(WrongSetting, IsSaidWithItsFileAndValue)
{
    put(GetParam().file, GetParam().text, 0400);
    EXPECT_THAT(read().errors, ElementsAre("control/hooks/x/" + GetParam().error));
}

INSTANTIATE_TEST_SUITE_P(
    Each, WrongSetting,
    testing::Values(
        Wrong{"timeuot", "3", "timeuot: no such setting"},
        Wrong{"timeout-auth", "3", "timeout-auth: no such setting"},
        Wrong{"url", "ftp://a.example/", "url: \"ftp://a.example/\" is no https URL"},
        Wrong{"url", "https://a.example/x",
              "url: \"https://a.example/x\" has something behind "
              "its host"},
        Wrong{"url", "https://u:p@a.example/", "url: \"https://u:p@a.example/\" is no https URL"},
        Wrong{"url", "http://127.0.0.1/",
              "url: \"http://127.0.0.1/\" is no https URL, and "
              "insecure-loopback is not 1"},
        Wrong{"allow-origin", "a.example", "allow-origin: \"a.example\" is no https URL"},
        Wrong{"discovery", "0", "register-url: is missing"},
        Wrong{"discovery", "yes", "discovery: \"yes\" is neither 0 nor 1"},
        Wrong{"serialization", "xml", "serialization: \"xml\" is none of json, cbor, auto"},
        Wrong{"stages", "data quit", "stages: \"quit\" is no stage"},
        Wrong{"stages", "", "stages: is missing"},
        Wrong{"require", "dsn", "require: \"dsn\" is not among stages"},
        Wrong{"properties", "envelope", "properties: \"envelope\" is no JSON Pointer"},
        Wrong{"allow", "/a~2", "allow: \"/a~2\" is no JSON Pointer"},
        Wrong{"actions", "continue bounce", "actions: \"bounce\" is no action"},
        Wrong{"timeout", "900", "timeout: \"900\" is no number from 1 to 60"},
        Wrong{"timeout-data", "0", "timeout-data: \"0\" is no number from 1 to 60"},
        Wrong{"attempt-timeout", "x", "attempt-timeout: \"x\" is no number from 1 to 60"},
        Wrong{"retries", "99", "retries: \"99\" is no number from 0 to 10"},
        Wrong{"on-failure", "bounce",
              "on-failure: \"bounce\" is none of tempfail, accept, quarantine, reject"},
        Wrong{"on-failure-outbound", "reject",
              "on-failure-outbound: \"reject\" is none of accept, tempfail"},
        Wrong{"on-malformed", "reject",
              "on-malformed: \"reject\" is none of accept, tempfail, quarantine"},
        Wrong{"max-inflight", "0", "max-inflight: \"0\" is no number from 1 to 10000"},
        Wrong{"breaker-open", "301", "breaker-open: \"301\" is no number from 1 to 300"},
        Wrong{"metadata", "alone", "metadata: \"alone\" is no KEY VALUE"},
        Wrong{"hmac-key", "AAEC", "hmac-keyid: is missing"},
        Wrong{"hmac-keyid", "k", "hmac-key: is missing"},
        Wrong{"client-key.pem", "x", "client-cert.pem: is missing"},
        Wrong{"client-cert.pem", "x", "client-key.pem: is missing"},
        Wrong{"filter", "[]", "filter: has a condition that is no object"},
        Wrong{"filter", R"({"hasKeyword":"x"})", "filter: knows no condition hasKeyword"}));

TEST_F(ScannerDirectory, NeedsAUrlStagesAndCredentials)
{
    for (const auto* file : {"url", "token", "stages"}) remove(file);
    EXPECT_THAT(read().errors,
                ElementsAre("control/hooks/x/url: is missing", "control/hooks/x/stages: is missing",
                            "control/hooks/x/token: is missing, and so are hmac-key and "
                            "client-key.pem"));
}

TEST_F(ScannerDirectory, LeftOutCountsAsFailedWhereItWouldHaveBeenAsked)
{
    put("stages", "nonsense");
    put("on-failure", "nonsense");
    put("on-failure-outbound", "nonsense");
    const auto settings = read().settings;
    EXPECT_EQ(settings.stages, Stages{Stage::data});
    EXPECT_EQ(settings.failure_policy(Stage::data), Policy::tempfail);
    EXPECT_EQ(settings.failure_policy(Stage::dsn), Policy::tempfail);
}

TEST_F(ScannerDirectory, PlainHttpIsForLiteralLoopbackAddressesOnly)
{
    put("insecure-loopback", "1");
    remove("token");   // tests may do without
    for (const auto* url : {"http://127.0.0.1:8080/", "http://[::1]:8080/"}) {
        put("url", url);
        good();
    }
    for (const auto* url : {"http://localhost:8080/", "http://192.0.2.1/"}) {
        put("url", url);
        EXPECT_THAT(read().errors, ElementsAre(HasSubstr("no loopback address"))) << url;
    }
}

TEST_F(ScannerDirectory, SecretsAreInNoError)
{
    put("token", "se cret", 0400);
    put("hmac-key", "sec!ret", 0400);
    put("hmac-keyid", "k");
    const auto errors = read().errors;
    EXPECT_THAT(errors, testing::SizeIs(1));
    EXPECT_THAT(errors[0], AllOf(HasSubstr("token: is no token"), HasSubstr("hmac-key: is no")));
    EXPECT_THAT(errors[0], Not(HasSubstr("cret")));
}

TEST_F(ScannerDirectory, SecretsThatAllCanReadAreNone)
{
    put("token", "secret", 0444);
    EXPECT_THAT(read().errors,
                ElementsAre("control/hooks/x/token: others than its owner can get at it"));
    EXPECT_EQ(read().settings.credentials.token, "");
}

TEST_F(ScannerDirectory, WithoutCredentialsNoSecretIsRead)
{
    put("token", "se cret", 0400);
    const auto scanner = read_scanner(control.path(), "x", false);
    EXPECT_THAT(scanner.errors, IsEmpty());
    EXPECT_EQ(scanner.settings.credentials.token, "");
}

TEST_F(ScannerDirectory, ChangedCredentialsHaveAnotherStamp)
{
    const auto settings = good();
    const auto before = credentials_stamp(settings);
    EXPECT_EQ(credentials_stamp(settings), before);
    put("token", "another", 0400);
    EXPECT_NE(credentials_stamp(settings), before);
    EXPECT_EQ(read_credentials(settings)->token, "another");
    put("token", "", 0400);
    EXPECT_FALSE(read_credentials(settings));
}

TEST_F(ScannerDirectory, ScannersAreInTheByteOrderOfTheirNames)
{
    for (const auto* name : {"20-b", "10-z", "B"}) make(name);
    make(".hidden");
    test::spill(control / "hooks/README", "no scanner\n");
    std::vector<std::string> names;
    for (const auto& scanner : read_scanners(control.path(), true))
        names.push_back(scanner.settings.name);
    EXPECT_THAT(names, ElementsAre("10-z", "20-b", "B", "x"));
}

TEST_F(ScannerDirectory, WhatIsWrongWithOneIsNoneOfTheOthersBusiness)
{
    make("w y");
    const auto all = read_scanners(control.path(), true);
    ASSERT_EQ(all.size(), 2u);
    EXPECT_THAT(all[0].errors, Contains(HasSubstr("is no name of 1 to 64")));
    EXPECT_THAT(all[1].errors, IsEmpty());
}

TEST(ScannerDirectories, MayNotBeThere)
{
    const TempDirectory control;
    EXPECT_THAT(read_scanners(control.path(), true), IsEmpty());
}

}
}
