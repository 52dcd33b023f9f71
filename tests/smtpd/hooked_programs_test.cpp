// The built qmail-smtpd in both frames, confined as always, with somebody at run/hookd who answers.
#include "base/sys/file.hpp"
#include "base/sys/memory_file.hpp"
#include "hooks/fake_hookd.hpp"
#include "support/instance.hpp"
#include "support/smtp_client.hpp"
#include "support/tls.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <mutex>

namespace grapnel::hooks {
namespace {

using namespace std::string_literals;
using namespace grapnel::test;

const std::vector<std::string> joe{"joe@here.example"};

class HookedPrograms : public ::testing::Test {
protected:
    HookedPrograms()
    {
        home.control("rcpthosts", "here.example");
        home.control("maxconnrate", "0 0");
    }
    void scanner(const std::string& stages, const std::string& on_failure = "tempfail") const
    {
        for (const auto* directory : {"control/hooks", "control/hooks/10-scan"})
            if (!status_if_there(home / directory)) make_directory(home / directory, 0755);
        home.control("hooks/10-scan/on-failure", on_failure);
        home.control("hooks/10-scan/stages", stages);
    }
    void answer(std::function<void(FakeCall&, Decision&)> decide = {})
    {
        hookd.emplace(home.path(), [this, decide](FakeCall& call) {
            {
                const std::lock_guard guard(mutex);
                asked_.push_back(call.request.facts);
                if (!call.descriptors.empty()) look_at(call.descriptors[0].get());
            }
            wire::Decided decided;
            decided.decision.action = call.request.facts.action;
            if (decide) decide(call, decided.decision);
            decided.with_message = static_cast<bool>(decided.decision.message);
            call.say(wire::encode(decided), decided.decision.message.get());
            return true;
        });
    }
    // Of messages: what is counted by the hour stays.
    bool nothing_is_left() const
    {
        auto names = list_directory(home / "run/spool");
        std::erase(names, "usage");
        return names.empty();
    }
    void forget()
    {
        const std::lock_guard guard(mutex);
        asked_.clear();
    }
    // Who looks whether the server is up has connected, too.
    std::vector<Facts> asked_of_mail()
    {
        const std::lock_guard guard(mutex);
        EXPECT_TRUE(std::erase_if(asked_, [](const Facts& facts) {
                        return facts.stage == Stage::connect && facts.client->ehlo.empty();
                    }) > 0);
        return asked_;
    }
    void look_at(int message)
    {
        const auto size = static_cast<std::size_t>(status(message).st_size);
        shown.assign(size, '\0');
        EXPECT_EQ(::pread(message, shown.data(), size, 0), static_cast<ssize_t>(size));
        sealed = is_sealed(message);
        nameless = status(message).st_nlink == 0;
        for_reading = (::fcntl(message, F_GETFL) & O_ACCMODE) == O_RDONLY;
    }
    void start(bool one_shot = false)
    {
        instance.reset();
        instance.emplace(home, InstanceOptions{.send = false,
                                               .one_shot = one_shot,
                                               .smtpd_arguments = {"--workers", "1"}});
    }
    std::string deliver(std::string_view message = "Subject: x\n\nhi\n")
    {
        SmtpClient client(instance->port());
        const auto reply = client.deliver("a@b.example", joe, message);
        client.command("QUIT");
        return reply;
    }
    std::string only_queued() const
    {
        std::string found;
        for (const auto& name : home.queue_files())
            if (name.starts_with("mess/")) found += home.read("queue/" + name);
        return found;
    }

    TempHome home;
    std::mutex mutex;
    std::vector<Facts> asked_;
    std::string shown;
    bool sealed = false, nameless = false, for_reading = false;
    std::optional<FakeHookd> hookd;   // ends after the server
    std::optional<Instance> instance;
};

// In the clear before STARTTLS, and anew from EHLO on behind it.
TEST_F(HookedPrograms, AreToldOfTlsAndOfTheClientsCertificate)
{
    const auto authority = make_certificate("authority");
    const auto joes = make_certificate("joe", "email:joe@far.example", &authority);
    home.write("control/servercert.pem", make_certificate("here.example").both(), 0600);
    home.control("clientca.pem", authority.certificate);
    scanner("connect ehlo mail");
    answer();
    Instance mta(home, {.send = false});
    {
        TlsClient client(after_starttls(mta.port()), {.certificate = joes});
        ASSERT_TRUE(client.good()) << client.trouble();
        client.command("EHLO inside.example");
        client.command("MAIL FROM:<a@b.example>");
    }
    const auto told = asked_of_mail();
    ASSERT_EQ(told.size(), 3u);
    EXPECT_EQ(told[0].client->ehlo, "client.example");
    EXPECT_FALSE(told[0].tls);
    EXPECT_EQ(told[1].client->ehlo, "inside.example");
    for (const auto& facts : {told[1], told[2]}) {
        ASSERT_TRUE(facts.tls);
        EXPECT_EQ(facts.tls->version, "TLSv1.3");
        EXPECT_TRUE(facts.tls->cipher.starts_with("TLS_")) << facts.tls->cipher;
        EXPECT_GE(facts.tls->cipher_bits, 128u);
        EXPECT_EQ(facts.tls->cert_subject, "CN=joe");
        EXPECT_EQ(facts.tls->cert_issuer, "CN=authority");
    }
}

TEST_F(HookedPrograms, ShowTheWholeSessionInBothFrames)
{
    scanner("connect ehlo mail rcpt data");
    answer();
    std::string large;
    while (large.size() < 300'000) large += "a line of a message that is large\n";
    for (const bool one_shot : {false, true}) {
        start(one_shot);
        forget();
        EXPECT_TRUE(deliver().starts_with("250 2.0.0 ok "));
        const auto asked = asked_of_mail();
        ASSERT_EQ(asked.size(), 4u);
        EXPECT_EQ(asked[0].stage, Stage::ehlo);
        for (const auto& facts : asked) {
            EXPECT_EQ(facts.server.ip, "127.0.0.1");
            EXPECT_EQ(facts.server.port, instance->port());
            ASSERT_TRUE(facts.client);
            EXPECT_EQ(facts.client->ip, "127.0.0.1");
            EXPECT_NE(facts.client->port, 0);
        }
        EXPECT_EQ(shown, "Subject: x\n\nhi\n");
        EXPECT_TRUE(sealed);
        EXPECT_TRUE(deliver(large).starts_with("250 2.0.0 ok "));
        EXPECT_TRUE(shown == large);
        EXPECT_TRUE(nameless && for_reading);
        EXPECT_TRUE(only_queued().find(large) != std::string::npos);
        EXPECT_TRUE(nothing_is_left());
    }
}

TEST_F(HookedPrograms, WhatAKilledServerLeftInTheSpoolGoesWhenTheNextBegins)
{
    scanner("data");
    answer();
    home.write("run/spool/left", "");
    home.write("run/spool/new", "");
    const timespec long_ago[2] = {{1000, 0}, {1000, 0}};
    home.write("run/spool/usage", "");   // counts of this hour are no message
    for (const auto* name : {"run/spool/left", "run/spool/usage"})
        ASSERT_EQ(::utimensat(AT_FDCWD, (home / name).c_str(), long_ago, 0), 0);
    start();
    EXPECT_TRUE(deliver().starts_with("250 2.0.0 ok "));
    auto names = list_directory(home / "run/spool");
    std::sort(names.begin(), names.end());
    EXPECT_EQ(names, (std::vector<std::string>{"new", "usage"}));
}

TEST_F(HookedPrograms, WhatIsHeldLiesInTheQuarantineUntilItIsReleased)
{
    scanner("data");
    answer([](FakeCall&, Decision& decision) {
        decision.action = Action::quarantine;
        decision.scanner = "10-scan";
        decision.reason = "looks odd";
        decision.message = sealed_file("X-Seen: yes\nSubject: x\n\nhi\n");
        decision.size = 27;
    });
    start();
    const auto reply = deliver();
    const auto id = reply.substr(reply.find(" id ") + 4);
    EXPECT_TRUE(home.queue_files().empty());
    const auto listed = run(
        {.argv = {home.program("qmail-quarantine"), "list"}, .environment = home.environment()});
    EXPECT_NE(listed.output.find(id + "  "), std::string::npos) << reply << listed.output;
    EXPECT_NE(listed.output.find("by=10-scan  looks odd\n"), std::string::npos) << listed.output;
    EXPECT_TRUE(wait_until([&] {
        return instance->smtpd_log().find(": held ip=127.0.0.1 id=" + id) != std::string::npos;
    }));
    const auto released = run({.argv = {home.program("qmail-quarantine"), "release", id},
                               .environment = home.environment()});
    EXPECT_EQ(released.ending.code, 0) << released.errors;
    EXPECT_TRUE(only_queued().ends_with("X-Seen: yes\nSubject: x\n\nhi\n"));
    EXPECT_TRUE(list_directory(home / "queue/quarantine").empty());
}

TEST_F(HookedPrograms, WhereNobodyAnswersThePolicyDecides)
{
    scanner("rcpt");
    start();
    EXPECT_TRUE(deliver().starts_with("451 4.7.1 ")) << deliver();
    scanner("rcpt", "accept");
    EXPECT_TRUE(wait_until([&] { return deliver().starts_with("250 "); }));
    start(true);
    EXPECT_TRUE(deliver().starts_with("250 "));
    scanner("data", "reject");
    EXPECT_TRUE(deliver().starts_with("550 5.7.1 "));
}

TEST_F(HookedPrograms, ScannersThatComeLaterAreAskedBySessionsThatBeginLater)
{
    answer();
    start();
    EXPECT_TRUE(deliver().starts_with("250 "));
    EXPECT_EQ(hookd->connections(), 0);
    scanner("data");
    EXPECT_TRUE(wait_until([&] {
        EXPECT_TRUE(deliver(std::string(100, 'x') + '\n').starts_with("250 "));
        return hookd->connections() > 0;
    }));
    std::string large;
    while (large.size() < 100'000) large += "another line\n";
    EXPECT_TRUE(deliver(large).starts_with("250 "));
    EXPECT_TRUE(shown == large);
}

TEST_F(HookedPrograms, WhereThereIsNoRoomForTheSpoolTheClientComesAgain)
{
    scanner("data");
    answer();
    std::string dialogue = "EHLO c.example\r\n";
    for (const int lines : {3000, 10}) {
        dialogue += "MAIL FROM:<a@b.example>\r\nRCPT TO:<joe@here.example>\r\nDATA\r\n";
        for (int i = 0; i < lines; ++i) dialogue += "a line of a message that is large\r\n";
        dialogue += ".\r\n";
    }
    const auto said = run({.argv = {"prlimit", "--fsize=70000", home.program("qmail-smtpd")},
                           .environment = home.environment()},
                          dialogue + "QUIT\r\n")
                          .output;
    EXPECT_NE(said.find("\n452 4.3.1 no room to have the message looked at (#4.3.1)\r\n250 2.1.0 "),
              std::string::npos)
        << said;
    EXPECT_NE(said.find("\n250 2.0.0 ok "), std::string::npos) << said;
    EXPECT_TRUE(nothing_is_left());
}

// A call that waits, of a client who has said EHLO slow.example.
class SlowScanner : public HookedPrograms {
protected:
    SlowScanner()
    {
        scanner("mail");
        answer([this](FakeCall& call, Decision&) {
            if (call.request.facts.client->ehlo != "slow.example") return;
            std::unique_lock guard(mutex);
            waiting = true;
            changed.notify_all();
            // Ends when the server takes the call back.
            guard.unlock();
            call.next();
            guard.lock();
            waiting = false;
            changed.notify_all();
        });
        start();
        socket = connect_to(instance->port());
        client.emplace(socket.get(), socket.get());
        client->command("EHLO slow.example");
        client->send("MAIL FROM:<a@b.example>\r\n");
        EXPECT_TRUE(comes(true));
    }
    bool comes(bool state)
    {
        std::unique_lock guard(mutex);
        return changed.wait_for(guard, patience, [&] { return waiting == state; });
    }

    std::condition_variable changed;
    bool waiting = false;
    Fd socket;
    std::optional<SmtpClient> client;
};

TEST_F(SlowScanner, KeepsNobodyElseWaiting)
{
    EXPECT_TRUE(deliver().starts_with("250 "));
    EXPECT_TRUE(deliver().starts_with("250 "));
    const linger at_once{1, 0};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    socket.reset();
    EXPECT_TRUE(comes(false));
    EXPECT_TRUE(deliver().starts_with("250 "));
}

TEST_F(SlowScanner, KeepsNoServerFromEnding)
{
    instance->smtpd().kill(SIGTERM);
    EXPECT_TRUE(client->reply().starts_with("421 4.3.2 "));
    EXPECT_TRUE(comes(false));
    socket.reset();
    const auto ending = instance->smtpd().wait();
    ASSERT_TRUE(ending);
    EXPECT_TRUE(ending->success());
}

}
}
