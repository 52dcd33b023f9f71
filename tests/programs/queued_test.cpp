// Mail by SMTP through qmail-queued, and around it where it does not run.
#include "support/instance.hpp"
#include "support/maildir.hpp"
#include "support/smtp_client.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

using namespace grapnel::test;

namespace {

pid_t queued_of(const TempHome& home)
{
    for (const auto& process : processes_with("QMAILHOME=" + home.path()))
        if (process.name == "qmail-queued") return process.pid;
    return 0;
}

void deliver(const Instance& mta, const std::string& subject)
{
    SmtpClient(mta.port())
        .deliver("a@b.example", {"joe@here.example"}, "Subject: " + subject + "\n\nbody\n");
}

}

TEST(ThroughQueued, ItTakesTheServersMail)
{
    TempHome home;
    const auto joe = home.user("joe");
    Instance mta(home);
    ASSERT_TRUE(wait_until([&] { return queued_of(home) > 0; }));
    deliver(mta, "one");
    ASSERT_TRUE(wait_for_maildir(joe + "/Maildir", 1));
    EXPECT_TRUE(mta.wait_for_log(" qp " + std::to_string(queued_of(home)) + ' '));
    EXPECT_NE(mta.smtpd_log().find("qp=" + std::to_string(queued_of(home))), std::string::npos)
        << mta.smtpd_log();
}

TEST(ThroughQueued, WithoutItTheHelperDoes)
{
    TempHome home;
    home.control("queued", "0");
    const auto joe = home.user("joe");
    Instance mta(home);
    EXPECT_EQ(queued_of(home), 0);
    deliver(mta, "one");
    EXPECT_TRUE(wait_for_maildir(joe + "/Maildir", 1));
}

TEST(ThroughQueued, QMAILQUEUEGoesBeforeIt)
{
    TempHome home;
    const auto joe = home.user("joe");
    home.write("filter",
               "#!/bin/sh\n: > \"$QMAILHOME/filter.ran\"\nexec \"$QMAILHOME/bin/qmail-queue\"\n",
               0755);
    Instance mta(home, {.environment = {"QMAILQUEUE=" + (home / "filter")}});
    deliver(mta, "one");
    EXPECT_TRUE(wait_for_maildir(joe + "/Maildir", 1));
    EXPECT_EQ(::access((home / "filter.ran").c_str(), F_OK), 0);
}
