// qmail-smtpd and qmail-inject with the built qmail-hookd and the example scanner, over HTTP.
#include "base/sys/file.hpp"
#include "support/example_scanner.hpp"
#include "support/instance.hpp"
#include "support/smtp_client.hpp"
#include "support/wait.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace grapnel::test {
namespace {

const std::vector<std::string> joe{"joe@here.example"};

class WithHookd : public ::testing::Test {
protected:
    WithHookd()
    {
        home.control("rcpthosts", "here.example");
        home.control("maxconnrate", "0 0");
        home.control("hooks-on-inject", "1");
        scanner.configure(home, "10-example", "rcpt data");
        hookd.emplace(
            Launch{.argv = {home.program("qmail-hookd")}, .environment = home.environment()});
        // Until it has registered nobody answers.
        EXPECT_TRUE(wait_until([&] { return inject("[drop]") == 0; }));
    }
    int inject(const std::string& subject) const
    {
        return run({.argv = {home.program("qmail-inject"), joe[0]},
                    .environment = home.environment({"USER=skua"})},
                   "Subject: " + subject + "\n\nhi\n")
            .ending.code;
    }
    std::string deliver(const std::string& subject, const std::vector<std::string>& to = joe,
                        const std::string& body = "hi\n") const
    {
        SmtpClient client(instance->port());
        const auto reply = client.deliver("a@b.example", to, "Subject: " + subject + "\n\n" + body);
        client.command("QUIT");
        return reply;
    }
    std::vector<std::string> queued() const
    {
        std::vector<std::string> found;
        for (const auto& name : home.queue_files())
            if (name.starts_with("mess/")) found.push_back(home.read("queue/" + name));
        return found;
    }

    TempHome home;
    ExampleScanner scanner;
    std::optional<Process> hookd;
    std::optional<Instance> instance;
};

TEST_F(WithHookd, MailIsMarkedRefusedHeldAndDropped)
{
    for (const bool one_shot : {false, true}) {
        instance.reset();
        instance.emplace(home, InstanceOptions{.send = false, .one_shot = one_shot});
        const auto before = queued().size();
        const auto held = list_directory(home / "queue/quarantine").size();
        EXPECT_TRUE(deliver("hello").starts_with("250 2.0.0 "));
        std::string large;
        while (large.size() < 200'000) large += "a line of a large message\n";
        EXPECT_TRUE(deliver("large", joe, large).starts_with("250 2.0.0 "));
        EXPECT_EQ(deliver("hello", {"refused@here.example"}), "550 5.7.1 This scanner refuses you");
        EXPECT_EQ(deliver("[virus]"), "550 5.7.1 Rejected by policy");
        EXPECT_TRUE(deliver("[drop]").starts_with("250 2.0.0 ok "));
        const auto reply = deliver("[spam]");
        EXPECT_TRUE(reply.starts_with("250 2.0.0 ok "));
        const auto id = reply.substr(reply.find(" id ") + 4);
        const auto messages = queued();
        ASSERT_EQ(messages.size(), before + 2);
        for (const auto& message : messages) {
            EXPECT_NE(message.find("\nX-Scanned: by example; queue="), std::string::npos);
            EXPECT_LT(message.find("Received: from "), message.find("X-Scanned: "));
        }
        EXPECT_EQ(list_directory(home / "queue/quarantine").size(), held + 2);
        EXPECT_NE(home.read("queue/quarantine/" + id + ".mess")
                      .find("X-Scanned: by example; queue=" + id),
                  std::string::npos);
    }
}

TEST_F(WithHookd, InjectedMailIsShownToo)
{
    EXPECT_EQ(inject("hello"), 0);
    ASSERT_EQ(queued().size(), 1u);
    EXPECT_NE(queued()[0].find("\nX-Scanned: by example; queue="), std::string::npos);
    EXPECT_EQ(inject("[virus]"), 100);
    EXPECT_EQ(inject("[drop]"), 0);
    EXPECT_EQ(inject("[spam]"), 0);
    EXPECT_EQ(queued().size(), 1u);
    EXPECT_EQ(list_directory(home / "queue/quarantine").size(), 2u);
}

}
}
