// Passwords in the installed system: programs that must be root to judge them, and keys that only
// qmail-smtpd may read.
#include "production/installed.hpp"

#include "base/base64.hpp"
#include "base/sys/file.hpp"
#include "support/intruder.hpp"
#include "support/smtp_client.hpp"
#include "support/tls.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <optional>
#include <string>

using namespace grapnel;
using namespace grapnel::test;

namespace {

std::string plain(const std::string& user, const std::string& password)
{
    return "AUTH PLAIN " + to_base64('\0' + user + '\0' + password);
}

class Checkers : public ::testing::Test {
protected:
    std::optional<Installed> system;
    std::optional<Process> server;
    Port port = 0;

    void SetUp() override
    {
        if (const auto why = Installed::unavailable(); !why.empty())
            GTEST_SKIP() << "skipped: " << why;
        system.emplace();
        system->control("authclear", "1");
        std::filesystem::copy_file(CHECKER, checker());
        spill(secrets(),
              "joe:secret:" + std::to_string(Installed::uid("joe")) + ':' +
                  std::to_string(Installed::gid("joe")) + ':' + system->joe() + '\n',
              0600);
    }

    void TearDown() override
    {
        if (!server) return;
        server->kill(SIGTERM);
        const auto ending = server->wait();
        EXPECT_TRUE(ending && ending->success()) << server->errors();
    }

    std::string checker() const { return *system / "bin/checker"; }
    std::string secrets() const { return system->joe() + "/../secrets"; }

    void listen()
    {
        port = free_port();
        auto launch = system->launch(
            {"qmail-smtpd", "--listen", "submission@127.0.0.1:" + std::to_string(port)});
        launch.own_group = true;
        server.emplace(launch);
    }

    // In a session of its own: the reply to AUTH, and that to a MAIL behind it.
    static std::string said_to(SmtpClient& client, const std::string& command)
    {
        client.command("EHLO c.example");
        const auto first = client.command(command).substr(0, 3);
        return first + ' ' + client.command("MAIL FROM:<joe@here.example>").substr(0, 3);
    }
    std::string by_server(const std::string& command) const
    {
        SmtpClient client(port);
        return said_to(client, command);
    }
    // As tcpserver starts it, with -u qmaild or without.
    std::string by_one_session(const std::string& command, const std::string& as) const
    {
        Process session(system->launch({"qmail-smtpd", "--as", "submission"}, as));
        SmtpClient client(session.output_descriptor(), session.input());
        const auto said = said_to(client, command);
        client.command("QUIT");
        session.wait();
        return said;
    }
};

}

TEST_F(Checkers, OneThatMustBeRootIsSetuid)
{
    system->control("checkpassword", checker() + " " + secrets() + " true");
    ASSERT_EQ(::chmod(checker().c_str(), 0755), 0);
    listen();
    EXPECT_EQ(by_server(plain("joe", "secret")), "454 530");   // it cannot read what it must
    ASSERT_EQ(::chmod(checker().c_str(), 0700), 0);
    EXPECT_EQ(by_server(plain("joe", "secret")), "454 530");   // nor be started
    ASSERT_EQ(::chmod(checker().c_str(), 04755), 0);
    EXPECT_EQ(by_server(plain("joe", "secret")), "235 250");
    EXPECT_EQ(by_server(plain("joe", "wrong")), "535 530");
    EXPECT_EQ(by_server(plain("ann", "secret")), "535 530");
    for (const auto* as : {"", "qmaild"}) {
        EXPECT_EQ(by_one_session(plain("joe", "secret"), as), "235 250") << as;
        EXPECT_EQ(by_one_session(plain("joe", "wrong"), as), "535 530") << as;
    }
}

// qmail-popup is started by root, and so is what it runs.
TEST_F(Checkers, ServesPop3AsTheUser)
{
    const auto mail = system->joe() + "/Maildir/new/1.1.here";
    spill(mail, "Subject: fetched\n\nx\n");
    ASSERT_EQ(::chown(mail.c_str(), Installed::uid("joe"), Installed::gid("joe")), 0);
    // What has come in this very second is not shown yet.
    std::filesystem::last_write_time(mail, std::filesystem::file_time_type::clock::now() -
                                               std::chrono::hours(1));
    ASSERT_EQ(::chmod(checker().c_str(), 0700), 0);
    const auto popup = [this] {
        return Process(system->launch({"qmail-popup", "pop.example", checker(), secrets(),
                                       *system / "bin/qmail-pop3d", "Maildir"}));
    };
    auto refused = popup();
    refused.write("USER joe\r\n");
    ASSERT_TRUE(refused.wait_for_output("+OK \r\n")) << refused.output() << refused.errors();
    refused.write("PASS wrong\r\n");
    EXPECT_TRUE(refused.wait_for_output("-ERR ")) << refused.output();
    refused.wait();
    auto session = popup();
    session.write("USER joe\r\n");
    ASSERT_TRUE(session.wait_for_output("+OK \r\n")) << session.output() << session.errors();
    session.write("PASS secret\r\n");
    ASSERT_TRUE(session.wait_for_output("+OK \r\n+OK \r\n")) << session.output();
    session.write("RETR 1\r\n");
    EXPECT_TRUE(session.wait_for_output("Subject: fetched\r\n")) << session.output();
    session.write("DELE 1\r\nQUIT\r\n");
    session.wait();
    EXPECT_FALSE(std::filesystem::exists(mail));
}

TEST_F(Checkers, KeysOfPasswordsAreForQmailSmtpdAlone)
{
    ASSERT_EQ(run(system->launch({"qmail-saslpasswd", "joe"}), "secret\n"), 0);
    const auto table = ownership(*system / "control/saslpasswd.cdb");
    EXPECT_TRUE(table.starts_with("qmaild:") && table.ends_with(" 0400")) << table;
    const auto text = ownership(*system / "control/saslpasswd");
    EXPECT_TRUE(text.starts_with("root:") && text.ends_with(" 0600")) << text;
    listen();
    EXPECT_EQ(by_server(plain("joe", "secret")), "235 250");
    EXPECT_EQ(by_server(plain("joe", "wrong")), "535 530");
    for (const auto* as : {"", "qmaild"})
        EXPECT_EQ(by_one_session(plain("joe", "secret"), as), "235 250") << as;
    ASSERT_EQ(::chmod((*system / "control/saslpasswd.cdb").c_str(), 0444), 0);
    EXPECT_EQ(by_one_session(plain("joe", "secret"), "qmaild"), "504 530");   // not offered
}

// Whoever starts it: the key is read before it is qmaild, or not at all.
TEST_F(Checkers, AServerForOneSessionReadsItsKeyAsRoot)
{
    spill(*system / "control/servercert.pem", make_certificate("here.example").both(), 0600);
    const auto offers_tls = [this](const std::string& as) {
        Process session(system->launch({"qmail-smtpd"}, as));
        SmtpClient client(session.output_descriptor(), session.input());
        const auto offer = client.command("EHLO c.example");
        const auto ids =
            status_field(slurp("/proc/" + std::to_string(session.pid()) + "/status"), "Uid");
        const auto daemon = std::to_string(Installed::uid("qmaild"));
        EXPECT_EQ(ids, daemon + ' ' + daemon + ' ' + daemon + ' ' + daemon) << as;
        client.command("QUIT");
        session.wait();
        return offer.find("STARTTLS") != std::string::npos;
    };
    EXPECT_TRUE(offers_tls(""));
    EXPECT_FALSE(offers_tls("qmaild"));
}
