// qmail-smtpd and qmail-inject with the built qmail-hookd and the example scanner, over HTTP.
#include "base/sys/file.hpp"
#include "support/example_scanner.hpp"
#include "support/instance.hpp"
#include "support/smtp_client.hpp"
#include "support/wait.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
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
    int inject(const std::string& subject, const std::string& body = "hi\n") const
    {
        return run({.argv = {home.program("qmail-inject"), joe[0]},
                    .environment = home.environment({"USER=skua"})},
                   "Subject: " + subject + "\n\n" + body)
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

// Of what is large only a piece is in memory: the rest lies in a file without a name.
TEST_F(WithHookd, LargeInjectedMailWaitsInAFile)
{
    ASSERT_EQ(::mkdir((home / "tmp").c_str(), 0700), 0);
    Process inject({.argv = {home.program("qmail-inject"), joe[0]},
                    .environment = home.environment({"USER=skua", "TMPDIR=" + (home / "tmp")})});
    std::string text = "Subject: large\n\n";
    while (text.size() < 3'000'000) text += "a line of a large message\n";
    inject.write(text);
    EXPECT_TRUE(wait_until([&] {
        const auto open = "/proc/" + std::to_string(inject.pid()) + "/fd/";
        const auto names = list_directory(open);
        return std::any_of(names.begin(), names.end(), [&](const auto& name) {
            std::error_code gone;
            const auto target = std::filesystem::read_symlink(open + name, gone).string();
            return target.starts_with(home / "tmp/");
        });
    }));
    inject.close_input();
    EXPECT_EQ(inject.wait()->code, 0) << inject.errors();
    ASSERT_EQ(queued().size(), 1u);
    EXPECT_NE(queued()[0].find("\nX-Scanned: by example; queue="), std::string::npos);
    EXPECT_TRUE(queued()[0].ends_with(text.substr(text.find("\n\n"))));
    EXPECT_TRUE(list_directory(home / "tmp").empty());
}

TEST_F(WithHookd, InjectedMailHasItsLimit)
{
    home.control("databytes", "100000");
    EXPECT_EQ(inject("fits", std::string(90'000, 'x') + '\n'), 0);
    EXPECT_EQ(inject("is too long", std::string(110'000, 'x') + '\n'), 100);
    EXPECT_EQ(queued().size(), 1u);
}

}
}
