// Mail through all programs, with the example scanner at rcpt, data and delivery.
#include "support/example_scanner.hpp"
#include "support/instance.hpp"
#include "support/maildir.hpp"
#include "support/smtp_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>

namespace grapnel::test {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class ScannedMail : public ::testing::Test {
protected:
    TempHome home;
    std::string joe = home.user("joe");
    ExampleScanner scanner;

    void SetUp() override
    {
        home.control("rcpthosts", "here.example");
        scanner.configure(home, "10-example", "rcpt data delivery");
    }
    static std::string send(const Instance& mta, const std::string& recipient,
                            const std::string& subject)
    {
        return SmtpClient(mta.port())
            .deliver("ana@there.example", {recipient},
                     "From: ana@there.example\nSubject: " + subject + "\n\nhello\n");
    }
};

TEST_F(ScannedMail, IsTaggedRefusedAndHeldAndItsDeliveryIsTold)
{
    const Instance mta(home);
    ASSERT_TRUE(mta.wait_for_log("registered as")) << mta.log();
    EXPECT_THAT(send(mta, "refused-you@here.example", "x"), HasSubstr("This scanner refuses you"));
    EXPECT_THAT(send(mta, "joe@here.example", "[virus]"), StartsWith("550 5.7.1"));
    EXPECT_THAT(send(mta, "joe@here.example", "[spam] buy"), StartsWith("250"));
    EXPECT_THAT(send(mta, "joe@here.example", "hello"), StartsWith("250"));
    ASSERT_TRUE(wait_for_maildir(joe + "/Maildir", 1)) << mta.log();
    EXPECT_THAT(maildir_messages(joe + "/Maildir").at(0),
                HasSubstr("\nX-Scanned: by example; queue=0"));
    EXPECT_TRUE(scanner.wait_for("joe@here.example delivered (250")) << scanner.output();
    EXPECT_EQ(maildir_count(joe + "/Maildir"), 1u);
    EXPECT_FALSE(std::filesystem::is_empty(home / "queue/quarantine"));
}

TEST_F(ScannedMail, WaitsWhileTheScannerIsGone)
{
    const Instance mta(home);
    ASSERT_TRUE(mta.wait_for_log("registered as")) << mta.log();
    scanner.process().kill(SIGKILL);
    EXPECT_THAT(send(mta, "joe@here.example", "hello"), StartsWith("451 4.7.1"));
}

}
