// Sessions with scanners: each action at each stage (mta-hooks 10.1), and what the client hears
// (10.2). Who decides is a double; the message goes to a stand-in for qmail-queue.
#include "smtpd/session.hpp"

#include "base/mail/extension.hpp"
#include "base/net/loop.hpp"
#include "base/sys/file.hpp"
#include "base/text.hpp"
#include "inject/capture.hpp"
#include "queue/async_submission.hpp"
#include "queue/submission_helper.hpp"
#include "support/scripted_hooks.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <array>
#include <cstdlib>
#include <exception>
#include <functional>

namespace grapnel::smtpd {
namespace {

using namespace std::string_literals;
using hooks::Action;
using hooks::Decision;
using hooks::Stage;
using test::ScriptedHooks;

const std::string ehlo = "EHLO c.example\r\n", mail = "MAIL FROM:<a@b.example>\r\n",
                  rcpt = "RCPT TO:<joe@here.example>\r\n", quit = "QUIT\r\n",
                  text = "DATA\r\nSubject: x\r\n\r\nhi\r\n.\r\n";

// Where the queue program is started.
const std::string& lab_home()
{
    static const test::TempDirectory directory;
    static const bool set = ::setenv("QMAILHOME", directory.path().c_str(), 1) == 0;
    EXPECT_TRUE(set);
    return directory.path();
}

Environment queue_program(const test::Capture& capture)
{
    Environment environment;
    environment.set("PATH", "/usr/local/bin:/usr/bin:/bin");
    for (const auto& entry : capture.environment()) {
        const auto equals = entry.find('=');
        environment.set(entry.substr(0, equals), entry.substr(equals + 1));
    }
    return environment;
}

class HookedSession : public ::testing::Test {
protected:
    HookedSession()
    {
        config->me = config->greeting = "here.example";
        config->early_talk = EarlyTalk::ignore;
        config->rcpthosts.emplace(std::vector<std::string>{"here.example", "too.example"});
        config->databytes = 1000000;
        for (const auto stage :
             {Stage::connect, Stage::ehlo, Stage::mail, Stage::rcpt, Stage::data})
            config->hooks.stages.add(stage);
        peer.address = net::IpAddress::parse("192.0.2.1");
        peer.ip = "192.0.2.1";
        peer.host = "c.example";
        peer.port = 4321;
        peer.here = {*net::IpAddress::parse("192.0.2.25"), 25};
    }

    static net::asio::awaitable<void> serve(Fd socket, Surroundings around, Session** where)
    {
        const auto executor = co_await net::this_executor();
        net::Stream stream(executor, std::move(socket));
        Session session(stream, std::move(around));
        *where = &session;
        co_await session.run();
        *where = nullptr;
    }

    // What is said to all of that, sent at once, and no more. meanwhile: called when a call of the
    // double waits.
    std::string talk(const std::string& input,
                     const std::function<void(Fd& client)>& meanwhile = {})
    {
        std::array<int, 2> pair{};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()), 0);
        Fd client(pair[0]), server(pair[1]);
        write_all(client.get(), input);
        ::shutdown(client.get(), SHUT_WR);
        Surroundings around{config, peer, helper.get(), "test"};
        around.hooks = &scanners;
        around.spool = spool.path();
        around.connections = [] { return std::uint64_t{3}; };
        net::Loop loop;
        std::exception_ptr trouble;
        net::start(loop.executor(), serve(std::move(server), std::move(around), &session),
                   [&](std::exception_ptr error) {
                       trouble = error;
                       loop.stop();
                   });
        if (meanwhile) net::start(loop.executor(), interfere(meanwhile, client), [](auto) {});
        loop.run();
        if (trouble) std::rethrow_exception(trouble);
        if (!client) return "";
        return read_all(client.get(), 1 << 20);
    }

    net::asio::awaitable<void> interfere(const std::function<void(Fd& client)>& what, Fd& client)
    {
        while (scanners.asked.empty() || !scanners.held.contains(scanners.asked.back().facts.stage))
            co_await net::yield_turn();
        co_await net::yield_turn();
        what(client);
    }

    // "250 2.1.0|" for each last line of a reply.
    static std::string codes(const std::string& said)
    {
        std::string result;
        for (const auto line : split(said, '\n')) {
            if (line.size() < 4 || line[3] != ' ') continue;
            const bool enhanced = line.size() > 8 && line[5] == '.';
            result += std::string(line.substr(0, enhanced ? line.find(' ', 4) : 3)) + '|';
        }
        return result;
    }
    static std::string last(const std::string& said)
    {
        const auto lines = split(said, '\n');
        return lines.size() < 2 ? ""
                                : std::string(trim_right(lines[lines.size() - 2])
                                                  .substr(0, lines[lines.size() - 2].size() - 1));
    }

    // Of the one message that came to the queue; records by name.
    struct Queued {
        std::size_t count = 0;
        std::string message, addresses;
        ExtensionBlock records;
        std::string record(const std::string& name) const
        {
            const auto* value = records.message.find(name);
            return value ? *value : "(none)";
        }
    };
    Queued queued()
    {
        Queued result;
        for (const auto& one : capture.take()) {
            if (one.envelope.empty()) continue;   // given up
            ++result.count;
            result.message = one.message;
            const auto end = one.envelope.find("\0\0"s);
            result.addresses = one.envelope.substr(0, end);
            std::replace(result.addresses.begin(), result.addresses.end(), '\0', ' ');
            const auto block = decode_block(std::string_view(one.envelope).substr(end + 2), 99);
            if (block) result.records = *block;
        }
        return result;
    }
    const hooks::Facts& facts(Stage stage)
    {
        for (const auto& one : scanners.asked)
            if (one.facts.stage == stage) return one.facts;
        ADD_FAILURE() << "not asked";
        static const hooks::Facts none;
        return none;
    }

    const std::string& home = lab_home();
    test::Capture capture;
    test::TempDirectory spool;
    const std::shared_ptr<Config> config = std::make_shared<Config>();   // shared with sessions
    Peer peer;
    ScriptedHooks scanners;
    Fd helper = queue::start_submission_helper(queue_program(capture));
    Session* session = nullptr;
};

Decision decision(Action action, std::optional<hooks::Response> response = {})
{
    Decision result;
    result.action = action;
    result.response = std::move(response);
    result.scanner = "10-scan";
    result.reason = "bad day";
    return result;
}

TEST_F(HookedSession, WhenNobodyObjectsAllIsAsUsual)
{
    const auto said = talk(ehlo + mail + rcpt + text + quit);
    EXPECT_EQ(codes(said), "220|250|250 2.1.0|250 2.1.5|354|250 2.0.0|221 2.0.0|");
    const auto got = queued();
    ASSERT_EQ(got.count, 1u);
    EXPECT_TRUE(got.message.starts_with("Received: from c.example")) << got.message;
    EXPECT_TRUE(got.message.ends_with("\nSubject: x\n\nhi\n"));
    EXPECT_EQ(got.addresses, "Fa@b.example Tjoe@here.example");
    EXPECT_EQ(got.record("held"), "(none)");
    EXPECT_NE(said.find(" id " + got.record("id")), std::string::npos);
    EXPECT_TRUE(list_directory(spool.path()).empty());
}

TEST_F(HookedSession, FactsAreWhatWeKnow)
{
    talk(ehlo + "MAIL FROM:<@relay.example:a@b.example> size=20 BODY=8BITMIME\r\n" + rcpt +
         "RCPT TO:<jim@elsewhere.example>\r\nRCPT TO:<\"j m\"@too.example>\r\n" + text + quit);
    ASSERT_EQ(scanners.asked.size(), 6u);
    const auto& connect = facts(Stage::connect);
    EXPECT_EQ(connect.server, (hooks::ServerFacts{"here.example", "192.0.2.25", 25}));
    EXPECT_EQ(connect.client, (hooks::ClientFacts{"192.0.2.1", 4321, "c.example", "", 3}));
    EXPECT_EQ(connect.response, (hooks::Response{220, std::nullopt, "here.example ESMTP"}));
    EXPECT_FALSE(connect.envelope || connect.queue);
    EXPECT_EQ(connect.message_limit, 1000000u);
    EXPECT_FALSE(connect.may_relay);
    EXPECT_EQ(facts(Stage::ehlo).client->ehlo, "c.example");
    EXPECT_FALSE(facts(Stage::ehlo).queue);
    const auto& of_mail = facts(Stage::mail);
    EXPECT_EQ(of_mail.envelope->from,
              (hooks::Sender{"a@b.example", {{"SIZE", "20"}, {"BODY", "8BITMIME"}}}));
    EXPECT_TRUE(of_mail.envelope->to.empty());
    EXPECT_EQ(of_mail.response, (hooks::Response{250, "2.1.0", "ok"}));
    const auto& of_data = facts(Stage::data);
    EXPECT_EQ(of_data.queue, of_mail.queue);
    EXPECT_EQ(of_data.queue->id.size(), 36u);
    ASSERT_EQ(of_data.envelope->to.size(), 2u);   // who was refused is not there
    EXPECT_EQ(of_data.envelope->to[1].address, "\"j m\"@too.example");
    EXPECT_EQ(of_data.response, (hooks::Response{250, "2.0.0", "ok id " + of_data.queue->id}));
    EXPECT_EQ(scanners.asked.back().message, "Subject: x\n\nhi\n");
    EXPECT_EQ(scanners.count(Stage::rcpt), 2u);
    EXPECT_GT(of_data.timestamp, 1700000000000);
}

TEST_F(HookedSession, OnlyStagesThatSomebodyWantsAreAsked)
{
    config->hooks.stages = {};
    config->hooks.stages.add(Stage::rcpt);
    talk(ehlo + mail + rcpt + text + quit);
    ASSERT_EQ(scanners.asked.size(), 1u);
    EXPECT_EQ(queued().count, 1u);
}

// 10.1, connect.
TEST_F(HookedSession, RejectedAtConnectHeMayOnlyLeave)
{
    scanners.refuse(Stage::connect, {554, "5.7.1", "go away"});
    const auto said = talk(ehlo + mail + "NOOP\r\n" + quit);
    EXPECT_EQ(codes(said), "554 5.7.1|503 5.5.1|503 5.5.1|503 5.5.1|221 2.0.0|");
    EXPECT_TRUE(said.starts_with("554 5.7.1 go away\r\n"));
    EXPECT_EQ(scanners.asked.size(), 1u);
}

TEST_F(HookedSession, ATemporaryRejectionAtConnectHangsUp)
{
    scanners.refuse(Stage::connect, {451, "4.7.1", "later"});
    EXPECT_EQ(talk(ehlo), "421 4.7.1 later\r\n");
}

TEST_F(HookedSession, DisconnectHangsUpAtEachStage)
{
    const std::vector<std::pair<Stage, std::string>> stages{
        {Stage::connect, "421 4.7.0|"},
        {Stage::ehlo, "220|421 4.7.0|"},
        {Stage::mail, "220|250|421 4.7.0|"},
        {Stage::rcpt, "220|250|250 2.1.0|421 4.7.0|"},
        {Stage::data, "220|250|250 2.1.0|250 2.1.5|354|421 4.7.0|"}};
    for (const auto& [stage, expected] : stages) {
        scanners.answers.clear();
        scanners.decide(stage, Action::disconnect);
        EXPECT_EQ(codes(talk(ehlo + mail + rcpt + text + quit)), expected);
    }
    EXPECT_EQ(queued().count, 0u);
}

// 10.1, the row "reject".
TEST_F(HookedSession, RejectedAtEhloHeIsNotGreeted)
{
    scanners.refuse(Stage::ehlo, {550, "5.7.1", "no"});
    EXPECT_EQ(codes(talk(ehlo + mail + quit)), "220|550 5.7.1|503 5.5.1|221 2.0.0|");
}

TEST_F(HookedSession, ARejectedSenderIsForgotten)
{
    scanners.answers[Stage::mail] = [](const auto& facts, const auto&) {
        const bool bad = facts.envelope->from.address == "bad@b.example";
        return decision(bad ? Action::reject : Action::accept);
    };
    EXPECT_EQ(
        codes(talk(ehlo + "MAIL FROM:<bad@b.example>\r\n" + rcpt + mail + rcpt + text + quit)),
        "220|250|550 5.7.1|503 5.5.1|250 2.1.0|250 2.1.5|354|250 2.0.0|221 2.0.0|");
    EXPECT_EQ(queued().addresses, "Fa@b.example Tjoe@here.example");
}

TEST_F(HookedSession, ARejectedRecipientIsNotKept)
{
    scanners.answers[Stage::rcpt] = [](const auto& facts, const auto&) {
        const bool bad = facts.envelope->to.back().address == "bad@here.example";
        return decision(bad ? Action::reject : Action::accept,
                        hooks::Response{451, std::nullopt, "not today"});
    };
    const auto bad = "RCPT TO:<bad@here.example>\r\n"s;
    const auto said = talk(ehlo + mail + bad + "DATA\r\n" + rcpt + bad + text + quit);
    EXPECT_EQ(codes(said),
              "220|250|250 2.1.0|451 4.7.1|554 5.5.1|250 2.1.5|451 4.7.1|354|250 2.0.0|221 2.0.0|");
    EXPECT_NE(said.find("451 4.7.1 not today\r\n"), std::string::npos);
    EXPECT_EQ(queued().addresses, "Fa@b.example Tjoe@here.example");
    EXPECT_EQ(facts(Stage::data).envelope->to.size(), 1u);
}

TEST_F(HookedSession, ARejectedMessageIsNotQueuedAndTheNextOneIs)
{
    scanners.answers[Stage::data] = [this](const auto&, const auto&) {
        const bool first = scanners.count(Stage::data) == 1;
        return first ? decision(Action::reject, hooks::Response{550, "5.7.9", "virus"})
                     : Decision();
    };
    EXPECT_EQ(
        codes(talk(ehlo + mail + rcpt + text + mail + rcpt + text + quit)),
        "220|250|250 2.1.0|250 2.1.5|354|550 5.7.9|250 2.1.0|250 2.1.5|354|250 2.0.0|221 2.0.0|");
    EXPECT_EQ(queued().count, 1u);
}

// 10.1, the row "discard".
TEST_F(HookedSession, DiscardedAtAnyStageLooksLikeSuccess)
{
    for (const auto stage : {Stage::connect, Stage::ehlo, Stage::mail, Stage::rcpt, Stage::data}) {
        SCOPED_TRACE(name(stage));
        scanners.asked.clear();
        scanners.answers.clear();
        scanners.decide(stage, Action::discard);
        const auto said = talk(ehlo + mail + rcpt + text + quit);
        EXPECT_EQ(codes(said), "220|250|250 2.1.0|250 2.1.5|354|250 2.0.0|221 2.0.0|");
        const auto reply = said.substr(said.find("250 2.0.0 "));
        EXPECT_EQ(reply.substr(0, 13), "250 2.0.0 ok ");
        EXPECT_NE(reply.find(" id "), std::string::npos);
        EXPECT_EQ(scanners.asked.back().facts.stage, stage);   // and nobody after it
        EXPECT_EQ(queued().count, 0u);
    }
}

TEST_F(HookedSession, DiscardAtConnectHoldsForEachMessageAtMailForOne)
{
    scanners.decide(Stage::connect, Action::discard);
    talk(ehlo + mail + rcpt + text + mail + rcpt + text + quit);
    EXPECT_EQ(queued().count, 0u);
    scanners.answers.clear();
    scanners.answers[Stage::mail] = [this](const auto&, const auto&) {
        return decision(scanners.count(Stage::mail) == 1 ? Action::discard : Action::accept);
    };
    scanners.asked.clear();
    talk(ehlo + mail + rcpt + text + mail + rcpt + text + quit);
    EXPECT_EQ(queued().count, 1u);
}

TEST_F(HookedSession, ADiscardedRecipientGetsNothingTheOthersDo)
{
    scanners.answers[Stage::rcpt] = [](const auto& facts, const auto&) {
        const bool quiet = facts.envelope->to.back().address == "quiet@here.example";
        return decision(quiet ? Action::discard : Action::accept);
    };
    EXPECT_EQ(codes(talk(ehlo + mail + "RCPT TO:<quiet@here.example>\r\n" + rcpt + text + quit)),
              "220|250|250 2.1.0|250 2.1.5|250 2.1.5|354|250 2.0.0|221 2.0.0|");
    const auto got = queued();
    EXPECT_EQ(got.addresses, "Fa@b.example Tjoe@here.example");
    EXPECT_NE(got.message.find("for <joe@here.example>"), std::string::npos) << got.message;
    EXPECT_EQ(facts(Stage::data).envelope->to.size(), 1u);
}

TEST_F(HookedSession, WhatIsDiscardedStillHasToBeMail)
{
    scanners.decide(Stage::mail, Action::discard);
    EXPECT_EQ(codes(talk(ehlo + mail + "RCPT TO:<x@elsewhere.example>\r\n" + rcpt +
                         "DATA\r\nSubject: x\n\r\n.\r\n" + quit)),
              "220|250|250 2.1.0|553 5.7.1|250 2.1.5|354|550 5.6.0|221 2.0.0|");
}

// 10.1, the row "quarantine".
TEST_F(HookedSession, QuarantinedAtAnyStageItIsQueuedAsHeld)
{
    for (const auto stage : {Stage::connect, Stage::ehlo, Stage::mail, Stage::rcpt, Stage::data}) {
        SCOPED_TRACE(name(stage));
        scanners.asked.clear();
        scanners.answers.clear();
        scanners.answers[stage] = [](const auto&, const auto&) {
            return decision(Action::quarantine);
        };
        const auto said = talk(ehlo + mail + rcpt + text + quit);
        EXPECT_EQ(codes(said), "220|250|250 2.1.0|250 2.1.5|354|250 2.0.0|221 2.0.0|");
        const auto got = queued();
        EXPECT_EQ(got.record("held"), "10-scan/bad day");
        EXPECT_NE(said.find(" id " + got.record("id")), std::string::npos);
        const auto later = scanners.asked.back().facts;
        EXPECT_EQ(later.action, stage == Stage::data ? Action::accept : Action::quarantine);
    }
}

TEST_F(HookedSession, QuarantineAtMailHoldsForOneMessageAndRejectionWinsOverIt)
{
    scanners.answers[Stage::mail] = [this](const auto&, const auto&) {
        return scanners.count(Stage::mail) == 1 ? decision(Action::quarantine) : Decision();
    };
    talk(ehlo + mail + rcpt + text + mail + rcpt + text + quit);
    EXPECT_EQ(queued().record("held"), "(none)");
    scanners.asked.clear();
    scanners.refuse(Stage::data, {550, "5.7.1", "no"});
    EXPECT_EQ(codes(talk(ehlo + mail + rcpt + text + quit)),
              "220|250|250 2.1.0|250 2.1.5|354|550 5.7.1|221 2.0.0|");
    EXPECT_EQ(queued().count, 0u);
}

TEST_F(HookedSession, SilenceKeepsTheQuarantineAndAScannerThatMayLiftsIt)
{
    scanners.answers[Stage::connect] = [](const auto&, const auto&) {
        return decision(Action::quarantine);
    };
    scanners.answers[Stage::data] = [](const auto&, const auto&) { return Decision(); };
    talk(ehlo + mail + rcpt + text + quit);
    EXPECT_EQ(queued().record("held"), "10-scan/bad day");
    scanners.answers[Stage::data] = [](const auto&, const auto&) {
        return decision(Action::accept);
    };
    talk(ehlo + mail + rcpt + text + quit);
    EXPECT_EQ(queued().record("held"), "(none)");
}

TEST_F(HookedSession, WithoutADataSubscriptionTheTextGoesStraightOn)
{
    config->hooks.stages = {};
    config->hooks.stages.add(Stage::mail);
    scanners.answers[Stage::mail] = [](const auto&, const auto&) {
        return decision(Action::quarantine);
    };
    talk(ehlo + mail + rcpt + text + quit);
    EXPECT_EQ(queued().record("held"), "10-scan/bad day");
    EXPECT_EQ(scanners.asked.size(), 1u);
}

// 10.2.
TEST_F(HookedSession, TheActionDecidesTheClassOfTheReply)
{
    struct Case {
        Stage stage;
        Action action;
        hooks::Response response;
        std::string expected;
    };
    const std::vector<Case> cases{
        {Stage::mail, Action::reject, {550, "5.7.2", "no"}, "550 5.7.2 no"},
        {Stage::mail, Action::reject, {451, "5.7.2", "soft"}, "451 4.7.1 soft"},
        {Stage::mail, Action::reject, {550, "x", ""}, "550 5.7.1 Rejected by policy"},
        {Stage::mail, Action::reject, {250, "2.0.0", "ok"}, "550 5.7.1 Rejected by policy"},
        {Stage::mail, Action::reject, {600, "5.7.1", "x"}, "550 5.7.1 Rejected by policy"},
        {Stage::mail, Action::reject, {421, "4.7.3", "later"}, "421 4.7.3 later"},
        {Stage::mail, Action::reject, {550, "5.7.1", "a\r\n250 b\x01"}, "550 5.7.1 a??250 b?"},
        {Stage::mail,
         Action::reject,
         {550, "5.7.1", std::string(2000, 'x')},
         "550 5.7.1 " + std::string(450, 'x')},
        {Stage::mail, Action::disconnect, {550, "5.7.1", "bye"}, "550 5.7.1 bye"},
        {Stage::mail, Action::disconnect, {451, "4.7.1", "bye"}, "421 4.7.0 Rejected by policy"},
        {Stage::mail, Action::disconnect, {421, std::nullopt, "bye"}, "421 4.7.0 bye"},
        {Stage::connect, Action::reject, {550, "5.7.1", "no"}, "554 5.7.1 no"},
        {Stage::connect, Action::reject, {250, "5.7.1", "no"}, "554 5.7.1 Rejected by policy"},
        {Stage::mail, Action::accept, {250, "2.5.0", "with pleasure"}, "250 2.5.0 with pleasure"},
        {Stage::mail, Action::accept, {251, "2.5.0", "x"}, "250 2.1.0 ok"},
        {Stage::mail, Action::quarantine, {550, "5.5.0", "x"}, "250 2.1.0 ok"},
        {Stage::ehlo,
         Action::accept,
         {250, std::nullopt, "at your service"},
         "250-here.example at your service"},
        {Stage::connect,
         Action::accept,
         {220, std::nullopt, "here.example hello"},
         "220 here.example hello"}};
    for (const auto& one : cases) {
        scanners.answers.clear();
        scanners.asked.clear();
        scanners.answers[one.stage] = [&](const auto&, const auto&) {
            return decision(one.action, one.response);
        };
        const auto said = talk(one.stage == Stage::mail ? ehlo + mail : ehlo);
        EXPECT_NE(('\n' + said).find('\n' + one.expected + "\r\n"), std::string::npos)
            << one.expected << "\n"
            << said;
    }
}

TEST_F(HookedSession, TheWordsAtDataAreSaidOnlyOfSuccess)
{
    scanners.answers[Stage::data] = [](const auto&, const auto&) {
        return decision(Action::accept, hooks::Response{250, "2.6.0", "thank you"});
    };
    EXPECT_NE(talk(ehlo + mail + rcpt + text + quit).find("\n250 2.6.0 thank you\r\n"),
              std::string::npos);
    const test::Capture failing(53);
    helper = queue::start_submission_helper(queue_program(failing));
    EXPECT_EQ(codes(talk(ehlo + mail + rcpt + text + quit)),
              "220|250|250 2.1.0|250 2.1.5|354|452 4.3.1|221 2.0.0|");
}

// Edits.
TEST_F(HookedSession, ASenderIsChangedAtMailAndAtData)
{
    scanners.answers[Stage::mail] = [](const auto&, const auto&) {
        Decision result = decision(Action::accept);
        result.from = hooks::Sender{"\"new one\"@b.example", {{"ENVID", "QQ1"}, {"RET", "HDRS"}}};
        return result;
    };
    talk(ehlo + mail + rcpt + text + quit);
    auto got = queued();
    EXPECT_EQ(got.addresses, "Fnew one@b.example Tjoe@here.example");
    EXPECT_EQ(got.record("envid"), "QQ1");
    EXPECT_EQ(got.record("ret"), "HDRS");
    EXPECT_EQ(facts(Stage::rcpt).envelope->from.address, "\"new one\"@b.example");
    scanners.answers.clear();
    scanners.answers[Stage::data] = [](const auto&, const auto&) {
        Decision result = decision(Action::accept);
        result.from = hooks::Sender{};
        return result;
    };
    talk(ehlo + mail + rcpt + text + quit);
    EXPECT_EQ(queued().addresses, "F Tjoe@here.example");
}

TEST_F(HookedSession, TheLastRecipientIsReplacedOrDeletedAtRcpt)
{
    scanners.answers[Stage::rcpt] = [](const auto& facts, const auto&) {
        Decision result = decision(Action::accept);
        result.to = facts.envelope->to;
        if (result.to->back().address.starts_with("gone"))
            result.to->pop_back();
        else
            result.to->back().address =
                "alias" + std::to_string(result.to->size()) + "@here.example";
        return result;
    };
    talk(ehlo + mail + rcpt + "RCPT TO:<gone@here.example>\r\n" + rcpt + text + quit);
    EXPECT_EQ(queued().addresses, "Fa@b.example Talias1@here.example Talias2@here.example");
}

TEST_F(HookedSession, RecipientsAreAddedChangedAndDeletedAtData)
{
    peer.relay_client.reset();
    std::vector<hooks::MayAdd> may;
    scanners.answers[Stage::data] = [&](const auto& facts, const auto& may_add) {
        for (const auto* address : {"x@here.example", "x@elsewhere.example", "x@b@c", "x"})
            may.push_back(may_add(address));
        Decision result = decision(Action::accept);
        result.to = {{{"x@too.example", {{"NOTIFY", "NEVER"}}}, facts.envelope->to.at(1)}};
        return result;
    };
    talk(ehlo + mail + rcpt + "RCPT TO:<\"j m\"@here.example>\r\n" + text + quit);
    const auto got = queued();
    EXPECT_EQ(got.addresses, "Fa@b.example Tx@too.example Tj m@here.example");
    ASSERT_EQ(got.records.recipients.count(0), 1u);
    EXPECT_EQ(*got.records.recipients.at(0).find("notify"), "NEVER");
    EXPECT_EQ(may, (std::vector{hooks::MayAdd::yes, hooks::MayAdd::foreign, hooks::MayAdd::no,
                                hooks::MayAdd::no}));
}

TEST_F(HookedSession, WithoutRecipientsLeftItIsTakenAndDropped)
{
    scanners.answers[Stage::data] = [](const auto&, const auto&) {
        Decision result = decision(Action::accept);
        result.to.emplace();
        return result;
    };
    EXPECT_EQ(codes(talk(ehlo + mail + rcpt + text + quit)),
              "220|250|250 2.1.0|250 2.1.5|354|250 2.0.0|221 2.0.0|");
    EXPECT_EQ(queued().count, 0u);
}

TEST_F(HookedSession, WhatCannotBeCarriedOutRefusesForNow)
{
    scanners.answers[Stage::data] = [](const auto&, const auto&) {
        Decision result = decision(Action::accept);
        result.to = {{{"not an address", {}}}};
        return result;
    };
    EXPECT_EQ(codes(talk(ehlo + mail + rcpt + text + quit)),
              "220|250|250 2.1.0|250 2.1.5|354|451 4.3.0|221 2.0.0|");
    scanners.answers.clear();
    scanners.answers[Stage::mail] = [](const auto&, const auto&) {
        Decision result = decision(Action::accept);
        result.from = hooks::Sender{"a\r\nb@c.example", {}};
        return result;
    };
    EXPECT_EQ(codes(talk(ehlo + mail + rcpt + quit)), "220|250|451 4.3.0|503 5.5.1|221 2.0.0|");
    EXPECT_EQ(queued().count, 0u);
}

TEST_F(HookedSession, TheMessageIsReplacedOurTraceOnTop)
{
    for (const std::size_t size : {20u, 100000u}) {
        const auto changed = "X-Scan: yes\n\n" + std::string(size, 'y') + '\n';
        scanners.answers[Stage::data] = [&](const auto&, const auto&) {
            Decision result = decision(Action::accept);
            ScriptedHooks::change(result, changed);
            return result;
        };
        EXPECT_EQ(codes(talk(ehlo + mail + rcpt + text + quit)),
                  "220|250|250 2.1.0|250 2.1.5|354|250 2.0.0|221 2.0.0|");
        const auto got = queued().message;
        EXPECT_TRUE(got.starts_with("Received: from "));
        EXPECT_EQ(got.substr(got.size() - changed.size()), changed);
        EXPECT_EQ(got.find("Subject: x"), std::string::npos);
    }
}

TEST_F(HookedSession, ContentThatIsShorterThanItWasSaidToBeIsNotQueued)
{
    scanners.answers[Stage::data] = [](const auto&, const auto&) {
        Decision result = decision(Action::accept);
        ScriptedHooks::change(result, "X: y\n\n");
        result.size += 5;
        return result;
    };
    EXPECT_EQ(codes(talk(ehlo + mail + rcpt + text + quit)),
              "220|250|250 2.1.0|250 2.1.5|354|451 4.3.0|221 2.0.0|");
    EXPECT_EQ(queued().count, 0u);
}

// The spool.
TEST_F(HookedSession, LargeMessagesAreShownWholeToo)
{
    std::string body, wire;
    for (int i = 0; i < 2500; ++i) {
        const auto line = "line " + std::to_string(i) + " of a long message, some words in each";
        body += line + '\n';
        wire += line + "\r\n";
    }
    ASSERT_GT(body.size(), 100000u);
    EXPECT_EQ(codes(talk(ehlo + mail + rcpt + "DATA\r\n" + wire + ".\r\n" + quit)),
              "220|250|250 2.1.0|250 2.1.5|354|250 2.0.0|221 2.0.0|");
    EXPECT_TRUE(scanners.asked.back().message == body);
    EXPECT_TRUE(queued().message.ends_with(body));
    EXPECT_TRUE(list_directory(spool.path()).empty());
}

TEST_F(HookedSession, WhereTheSpoolCannotBeHadTheMessageIsRefusedForNow)
{
    const std::string large(100000, 'x');
    std::string lines;
    for (int i = 0; i < 100; ++i) lines += large.substr(0, 1000) + "\r\n";
    ::rmdir(spool.path().c_str());
    EXPECT_EQ(codes(talk(ehlo + mail + rcpt + "DATA\r\n" + lines + ".\r\n" + quit)),
              "220|250|250 2.1.0|250 2.1.5|354|451 4.3.0|221 2.0.0|");
    EXPECT_EQ(scanners.count(Stage::data), 0u);
    EXPECT_EQ(queued().count, 0u);
}

// While a call waits.
TEST_F(HookedSession, AClientThatLeavesTakesItsCallBack)
{
    for (const auto stage : {Stage::connect, Stage::rcpt, Stage::data}) {
        SCOPED_TRACE(name(stage));
        scanners.asked.clear();
        scanners.taken_back = 0;
        scanners.held = {stage};
        talk(ehlo + mail + rcpt + text, [](Fd& client) { client.reset(); });
        EXPECT_EQ(scanners.taken_back, 1u);
        EXPECT_EQ(queued().count, 0u);
    }
}

TEST_F(HookedSession, WhoOnlySendsNoMoreIsAnswered)
{
    scanners.held = {Stage::data};
    EXPECT_EQ(codes(talk(ehlo + mail + rcpt + text, [this](Fd&) { scanners.release(); })),
              "220|250|250 2.1.0|250 2.1.5|354|250 2.0.0|");
    EXPECT_EQ(queued().count, 1u);
}

TEST_F(HookedSession, ShuttingDownTakesItsCallBackToo)
{
    for (const auto stage : {Stage::connect, Stage::mail, Stage::data}) {
        SCOPED_TRACE(name(stage));
        scanners.asked.clear();
        scanners.taken_back = 0;
        scanners.held = {stage};
        const auto said = talk(ehlo + mail + rcpt + text, [this](Fd&) { session->shut_down(); });
        EXPECT_EQ(last(said), "421 4.3.2 shutting down, try again (#4.3.2)");
        EXPECT_EQ(scanners.taken_back, 1u);
    }
    EXPECT_EQ(queued().count, 0u);
}

}
}
