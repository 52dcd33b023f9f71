// The whole system with a scanner behind qmail-hookd: what it is told of deliveries, and what it
// makes of bounces.
#include "programs/pipeline.hpp"
#include "support/http_scanner.hpp"

#include "base/sys/file.hpp"

#include <gmock/gmock.h>

namespace grapnel::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

struct OutboundHooks : Pipeline {
    HttpScanner scanner;

    OutboundHooks()
    {
        make_directory(home / "control/hooks", 0755);
        make_directory(home / "control/hooks/10-test", 0755);
        setting("url", scanner.url());
        setting("insecure-loopback", "1");
        home.write("control/hooks/10-test/token", "secret\n", 0600);
        setting("stages", "delivery defer dsn");
    }
    void setting(const std::string& name, std::string_view value) const
    {
        home.control("hooks/10-test/" + name, value);
    }
    // What the next calls get, one after the other; "": nothing is to change.
    void answer(const std::vector<std::string>& edits)
    {
        std::string answers;
        for (const auto& edit : edits)
            answers += (answers.empty() ? "" : ", ") +
                       (edit.empty() ? R"({"status": 204})" : R"({"json": )" + edit + "}");
        scanner.tell(R"({"next": {"hook": [)" + answers + "]}}");
    }
    // One JSON object for each call so far, once there are that many.
    std::vector<std::string> calls(std::size_t wanted)
    {
        std::vector<std::string> found;
        wait_until([&] {
            found.clear();
            for (auto& request : scanner.requests())
                if (request.find(R"("stage")") != std::string::npos)
                    found.push_back(std::move(request));
            return found.size() >= wanted;
        });
        for (const auto& call : found) EXPECT_THAT(call, HasSubstr(R"("problems": [])"));
        EXPECT_EQ(found.size(), wanted);
        found.resize(wanted);
        return found;
    }
};

TEST_F(OutboundHooks, ADeferredRecipientThatTheScannerGivesUpIsReported)
{
    SmtpScript far({.rules = {{"RCPT", "450 4.2.1 busy"}}});
    next_hop(far.route());
    answer({R"({"set": [{"path": "/envelope/to/0/status", "value": "failed"}]})"});
    Instance mta(home);
    SmtpClient(mta.port()).deliver("joe@here.example", {"x@far.example"}, a_message());
    ASSERT_TRUE(wait_for_maildir(maildir, 1)) << mta.log();
    EXPECT_THAT(maildir_messages(maildir)[0],
                AllOf(HasSubstr("<x@far.example>:\n"), HasSubstr("450 4.2.1 busy")));
    EXPECT_TRUE(mta.wait_until_empty());
    EXPECT_THAT(mta.log(), HasSubstr(": delivery: delivery 1 deferred becomes failed by 10-test"));
    const auto seen = calls(3);
    EXPECT_THAT(seen[0],
                AllOf(HasSubstr(R"("stage": "delivery")"), HasSubstr(R"("status": "deferred")"),
                      HasSubstr(R"("code": 450)"), HasSubstr(R"("enhancedCode": "4.2.1")"),
                      HasSubstr(R"("queueName": "remote")"), HasSubstr(R"("attempt": 1)")));
    EXPECT_THAT(seen[1], AllOf(HasSubstr(R"("stage": "dsn")"), HasSubstr("x@far.example"),
                               HasSubstr(R"("status": "failed")")));
    EXPECT_THAT(seen[2],
                AllOf(HasSubstr(R"("stage": "delivery")"), HasSubstr(R"("status": "delivered")"),
                      HasSubstr(R"("queueName": "local")")));
    EXPECT_TRUE(mta.stop()) << mta.log();
}

TEST_F(OutboundHooks, WhoWaitsIsToldAtDefer)
{
    SmtpScript far(std::vector<ScriptBehaviour>{{.rules = {{"RCPT", "450 later"}}}, {}});
    next_hop(far.route());
    Instance mta(home);
    SmtpClient(mta.port()).deliver("", {"x@far.example"}, a_message());
    calls(2);
    mta.alarm();
    ASSERT_TRUE(far.wait_for_messages(1)) << mta.log();
    const auto seen = calls(3);
    EXPECT_THAT(seen[1], HasSubstr(R"("stage": "defer")"));
    EXPECT_THAT(seen[2],
                AllOf(HasSubstr(R"("status": "delivered")"), HasSubstr(R"("attempt": 2)")));
    EXPECT_TRUE(mta.wait_until_empty());
}

TEST_F(OutboundHooks, ABounceMayBeSuppressed)
{
    SmtpScript far({.rules = {{"RCPT", "550 5.1.1 nobody"}}});
    next_hop(far.route());
    answer({"", R"({"set": [{"path": "/action", "value": "cancel"}]})"});
    Instance mta(home);
    SmtpClient(mta.port()).deliver("joe@here.example", {"x@far.example"}, a_message());
    EXPECT_TRUE(mta.wait_for_log(": dsn: notice suppressed by 10-test")) << mta.log();
    EXPECT_TRUE(mta.wait_until_empty());
    EXPECT_THAT(mta.log(), Not(HasSubstr("bounce msg")));
    EXPECT_EQ(maildir_count(maildir), 0u);
}

TEST_F(OutboundHooks, ABounceMayBeChangedByAScannerThatMay)
{
    setting("allow-outbound", "/action\n/envelope/to\n/message");
    SmtpScript far({.rules = {{"RCPT", "550 5.1.1 nobody"}}});
    next_hop(far.route());
    answer({"", R"({"add": [{"path": "/message/headers", "index": 0,
                             "value": {"name": "X-Seen", "value": "yes"}}]})"});
    Instance mta(home);
    SmtpClient(mta.port()).deliver("joe@here.example", {"x@far.example"}, a_message());
    ASSERT_TRUE(wait_for_maildir(maildir, 1)) << mta.log();
    EXPECT_THAT(maildir_messages(maildir)[0],
                AllOf(HasSubstr("\nX-Seen: yes\n"), HasSubstr("<x@far.example>:\n")));
    EXPECT_TRUE(mta.wait_for_log(": dsn: notice changed by 10-test")) << mta.log();
}

TEST_F(OutboundHooks, AScannerThatIsNotThereHoldsUpNothing)
{
    setting("url", "http://127.0.0.1:" + std::to_string(free_port()) + "/");
    SmtpScript far({.rules = {{"RCPT", "550 5.1.1 nobody"}}});
    next_hop(far.route());
    Instance mta(home);
    SmtpClient(mta.port())
        .deliver("joe@here.example", {"joe@here.example", "x@far.example"}, a_message());
    ASSERT_TRUE(wait_for_maildir(maildir, 2)) << mta.log();
    EXPECT_TRUE(mta.wait_until_empty());
    EXPECT_TRUE(mta.stop()) << mta.log();
}

}
}
