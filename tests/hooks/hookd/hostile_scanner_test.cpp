// qmail-hookd as built, and scanners whose answers are wrong in every way the protocol knows: what
// becomes of the message, and the one line that is said of it.
#include "hooks/hookd/hookd_lab.hpp"
#include "support/http_scanner.hpp"

#include <gmock/gmock.h>

#include <sys/stat.h>

#include <algorithm>

namespace grapnel::test {

using ::testing::HasSubstr;
using ::testing::Not;

namespace {

struct Row {
    std::string name;
    std::string answer;    // as tests/support/scanner.py takes it
    std::string outcome;   // the beginning of it in the log
    hooks::Action action = hooks::Action::accept;
};

constexpr const char* secret = "not-for-any-log";

std::string text(const std::string& body) { return R"({"text": ")" + body + "\"}"; }
std::string set(const std::string& path, const std::string& value)
{
    return R"({"json": {"set": [{"path": ")" + path + R"(", "value": )" + value + "}]}}";
}
std::string header(const std::string& name, const std::string& value)
{
    return R"({"json": {"add": [{"path": "/message/headers", "value": {"name": ")" + name +
           R"(", "value": ")" + value + R"("}}]}})";
}
std::string status(int code) { return R"({"status": )" + std::to_string(code) + "}"; }
std::string times(std::size_t count, const std::string& piece)
{
    std::string all;
    while (count-- > 0) all += piece;
    return all;
}

class HostileScanner : public HookdLab {
protected:
    HttpScanner scanner;

    void SetUp() override
    {
        ::mkdir((home / "control/hooks").c_str(), 0755);
        configure("10-json", "json", "data");
        configure("20-cbor", "cbor", "mail");
        start();
        ASSERT_TRUE(says("10-json: registered as") && says("20-cbor: registered as")) << log();
    }
    void configure(const std::string& name, const std::string& serialization,
                   const std::string& stages) const
    {
        const auto directory = "control/hooks/" + name;
        ::mkdir((home / directory).c_str(), 0755);
        home.write(directory + "/token", "secret\n", 0400);
        for (const auto& [file, value] :
             std::vector<std::pair<std::string, std::string>>{{"url", scanner.url()},
                                                              {"insecure-loopback", "1"},
                                                              {"serialization", serialization},
                                                              {"timeout", "2"},
                                                              {"retries", "0"},
                                                              {"breaker-failures", "1000"},
                                                              {"stages", stages}})
            home.write(directory + '/' + file, value + '\n');
    }
    // The line of the call that is the next one.
    std::string line_of_call()
    {
        std::string line;
        EXPECT_TRUE(wait_until([&] {
            const auto& all = log();
            const auto at = all.find("hookd: call scanner=", told_);
            const auto end = at == all.npos ? at : all.find('\n', at);
            if (end == all.npos) return false;
            line = all.substr(at, end - at);
            told_ = end;
            return true;
        })) << log();
        return line;
    }
    void expect(const Row& row, const hooks::Facts& facts, std::string_view message)
    {
        SCOPED_TRACE(row.name);
        scanner.tell(R"({"next": {"hook": [)" + row.answer + "]}}");
        const auto decision = ask(facts, message);
        EXPECT_EQ(decision.action, row.action);
        if (row.action == hooks::Action::reject && row.outcome.starts_with("failure")) {
            EXPECT_EQ(decision.response->code, 451);
        }
        EXPECT_FALSE(decision.message || decision.from || decision.to);
        const auto line = line_of_call();
        EXPECT_THAT(line, HasSubstr(" outcome=" + row.outcome));
        EXPECT_THAT(line, HasSubstr(" id=" + facts.queue->id + ' '));
    }

private:
    std::size_t told_ = 0;
};

using hooks::Action;
const Action later = Action::reject;   // on-failure: tempfail

std::vector<Row> transport_rows()
{
    std::vector<Row> rows{
        {"Oversized", text(times(2'000'000, " ")), "malformed:reply_over_1048576"},
        {"ClaimsMuch", R"({"raw": "HTTP/1.1 200 x\r\nContent-Length: 99999999999\r\n\r\n"})",
         "malformed:reply_over"},
        {"Slow", R"({"drip": 0.05, "text": ")" + times(1000, " ") + "\"}", "failure:timeout",
         later},
        {"Silent", R"({"delay": 600, "status": 204})", "failure:timeout", later},
        {"Cut", R"({"json": {"set": []}, "cut": 80})", "failure:", later},
        {"CutInItsHeader", R"({"json": {}, "cut": 20})", "failure:", later},
        {"Encoded", R"({"json": {}, "fields": {"Content-Encoding": "gzip"}})", "malformed:encoded"},
        {"TypeWrong", R"({"text": "{}", "type": "text/plain"})", "malformed:Content-Type"},
        {"TypeMissing", R"({"text": "{}", "type": "none"})", "malformed:Content-Type"},
        {"EmptyBody", text(""), "malformed:empty"},
        {"ManyFields", R"({"raw": "HTTP/1.1 200 x\r\n)" + times(200, R"(A: b\r\n)") + R"(\r\n{}"})",
         "failure:over_100_header_fields", later},
        {"ManyInterim",
         R"({"raw": ")" + times(20, R"(HTTP/1.1 103 x\r\n\r\n)") + R"(HTTP/1.1 204 x\r\n\r\n"})",
         "failure:over_10_interim_replies", later},
        {"Redirect", R"({"status": 307, "fields": {"Location": "/"}})", "failure:status_307",
         later},
        {"WordsForTheLog", R"({"status": 500, "text": "a\r\nhookd: call scanner=forged\u001b[2J"})",
         "failure:status_500_a??hookd:_call_scanner=forged?[2J", later}};
    for (const int code : {201, 202, 203, 205, 206, 226})
        rows.push_back({"Success" + std::to_string(code), status(code),
                        "malformed:status_" + std::to_string(code)});
    for (const int code : {300, 301, 302, 303, 304, 308, 400, 402, 405, 406, 409, 415, 418,
                           422, 423, 429, 451, 499, 500, 501, 502, 503, 504, 507, 599})
        rows.push_back({"Status" + std::to_string(code), status(code),
                        "failure:status_" + std::to_string(code), later});
    rows.push_back({"TooLarge", status(413), "oversize"});
    return rows;
}

std::vector<Row> document_rows()
{
    const std::string malformed = "malformed:";
    std::vector<Row> rows{
        {"Deep", text(times(100'000, "[")), malformed},
        {"DeepObject", text(times(20'000, R"({\"set\":)")), malformed},
        {"ManyValues", text("{\\\"set\\\":[" + times(100'001, "1,") + "1]}"), malformed},
        {"TwiceTheSameName", text(R"({\"set\":[],\"set\":[]})"), malformed},
        {"BadUtf8", text(R"({\"set\":[],\"x\":\")" + std::string(R"(\u00ff)") + R"(\"})"),
         malformed},
        {"HalfSurrogate", text(R"({\"set\":[],\"x\":\"\\ud800\"})"), malformed},
        {"Behind", text("{} {}"), malformed},
        {"NotJson", text("<html>"), malformed},
        {"CutDocument", text(R"({\"set\":[)"), malformed},
        {"NoObject", R"({"json": []})", malformed},
        {"OlderFormat", R"({"json": {"action": "reject"}})", malformed},
        {"ListOfAnotherType", R"({"json": {"set": {}}})", malformed},
        {"NoOperation", R"({"json": {"set": [7]}})", malformed},
        {"NoPath", R"({"json": {"set": [{"value": 1}]}})", malformed},
        {"NoValue", R"({"json": {"set": [{"path": "/action"}]}})", malformed},
        {"NoPointer", set("action", R"("reject")"), malformed},
        {"BadEscape", set("/~2", R"("reject")"), malformed},
        {"LongPath", set("/" + times(600, "x"), "1"), malformed},
        {"ManyTokens", set(times(17, "/x"), "1"), malformed},
        {"IndexNegative",
         R"({"json": {"add": [{"path": "/message/headers", "value": {}, "index": -1}]}})",
         malformed},
        {"IndexHuge",
         text(R"({\"add\":[{\"path\":\"/message/headers\",\"value\":{},\"index\":1e400}]})"),
         malformed},
        {"ManyOperations",
         R"({"json": {"delete": [)" + times(1000, R"({"path": "/message/headers/0"}, )") +
             R"({"path": "/message/headers/0"}]}})",
         malformed},
        {"OutOfScope",
         R"({"json": {"set": [{"path": "/action", "value": "reject"},
                              {"path": "/client/ip", "value": "::1"}]}})",
         malformed},
        {"NotGranted", set("/rawMessage", R"("eA==")"), malformed},
        {"ActionUnknown", set("/action", R"("burn")"), malformed},
        {"ActionOutbound", set("/action", R"("cancel")"), malformed},
        {"ActionOfAnotherType", set("/action", "7"), malformed},
        {"ActionDeleted", R"({"json": {"delete": [{"path": "/action"}]}})", malformed},
        {"HeaderInjection", header("X-A", R"(1\r\nBcc: e@x)"), "ok"},
        {"HeaderThatEndsTheHeader", header("X-A", R"(1\r\n\r\nbody)"), "ok"},
        {"HeaderNameWithBlank", header("X A", "1"), "ok"},
        {"HeaderNameWithColon", header("X:A", "1"), "ok"},
        {"HeaderWithNul", header("X-A", R"(a\u0000b)"), "ok"},
        {"HeaderTooLong", header("X-A", times(70'000, "x ")), "ok"},
        {"HeaderOfOurs", header("Return-Path", "<x@y>"), "ok"},
        {"NumberForText", set("/message/subject", "7"), "ok"},
        {"PastTheEnd", R"({"json": {"delete": [{"path": "/message/headers/99"}]}})", "ok"},
        {"ReplyInjection", set("/response/message", R"("x\r\n250 ok")"), "ok"},
        {"CodeHuge", set("/response/code", "9007199254740991"), "ok"}};
    return rows;
}

std::vector<Row> cbor_rows()
{
    const std::string malformed = "malformed:";
    const auto hex = [](const std::string& octets) { return R"({"hex": ")" + octets + "\"}"; };
    return {
        {"Nothing", hex("ff"), malformed},
        {"CutMap", hex("a1"), malformed},
        {"NameIsANumber", hex("a10102"), malformed},
        {"NameTwice", hex("a263736574806373657480"), malformed},
        {"Tag", hex("c0a0"), malformed},
        {"Undefined", hex("a163736574f7"), malformed},
        {"NotANumber", hex("a16373657481f97e00"), malformed},
        {"BadUtf8",
         hex("a16373657481"
             "62c328"),
         malformed},
        {"LengthThatLies", hex("a1637365749bffffffffffffffff"), malformed},
        {"StringThatLies", hex("5bffffffffffffffff"), malformed},
        {"DeepIndefinite", hex(times(50'000, "9f")), malformed},
        {"DeepTags", hex(times(50'000, "d9d9f7")), malformed},
        {"ReservedLength", hex("1c"), malformed},
        {"Behind", hex("a0a0"), malformed},
        {"JsonInstead", R"({"text": "{}", "type": "application/json"})", "malformed:Content-Type"}};
}

}

TEST_F(HostileScanner, OverHttpHasItsEffectAndItsLine)
{
    for (const auto& row : transport_rows())
        expect(row, facts_of(hooks::Stage::data), "Subject: x\n\nhi\n");
}

TEST_F(HostileScanner, InItsDocumentHasItsEffectAndItsLine)
{
    const auto message = std::string("Subject: ") + secret + "\n\n" + secret + '\n';
    for (const auto& row : document_rows()) expect(row, facts_of(hooks::Stage::data), message);
    EXPECT_THAT(log(), Not(HasSubstr(secret)));
    EXPECT_THAT(log(), Not(HasSubstr("Bcc")));   // paths and reasons, no values
    EXPECT_THAT(log(), HasSubstr("hookd: edit failed scanner=10-json stage=data"));
}

TEST_F(HostileScanner, InCborHasItsEffectAndItsLine)
{
    for (const auto& row : cbor_rows()) expect(row, facts_of(hooks::Stage::mail), {});
}

TEST_F(HostileScanner, MayNotWeakenAnAction)
{
    auto facts = facts_of(hooks::Stage::data);
    facts.action = Action::quarantine;
    expect({"Downgrade",
            R"({"json": {"set": [{"path": "/action", "value": "accept"},
                                 {"path": "/message/subject", "value": "x"}]}})",
            "downgrade", Action::quarantine},
           facts, "Subject: y\n\nhi\n");
}

TEST_F(HostileScanner, WhoRefusesUsIsNotAskedAgain)
{
    for (const int code : {401, 403}) {
        SCOPED_TRACE(code);
        scanner.tell(R"({"next": {"hook": [)" + status(code) + "]}}");
        const auto facts = facts_of(hooks::Stage::data);
        EXPECT_EQ(ask(facts, "Subject: x\n\n").response->code, 451);
        EXPECT_THAT(line_of_call(), HasSubstr("attempts=1 status=" + std::to_string(code)));
        EXPECT_EQ(ask(facts, "Subject: x\n\n").response->code, 451);
        EXPECT_THAT(line_of_call(), HasSubstr("attempts=0"));
        EXPECT_EQ(tool({"reload"}).ending.code, 0);
        EXPECT_TRUE(wait_until([&] {
            const auto decision = ask(facts, "Subject: x\n\n");
            line_of_call();
            return decision.action == Action::accept;
        }));
    }
}

}
