// Who is told of a failure: the sender, then postmaster, then nobody.
#include "programs/pipeline.hpp"

using namespace grapnel::test;

using Bounce = Pipeline;

TEST_F(Bounce, TheSenderIsTold)
{
    Instance mta(home);
    SmtpClient(mta.port())
        .deliver("joe@here.example", {"nobody@here.example", "joe-none@here.example"}, a_message());
    ASSERT_TRUE(wait_for_maildir(maildir, 1)) << mta.log();
    const auto notice = maildir_messages(maildir)[0];
    EXPECT_TRUE(
        notice.starts_with("Return-Path: <>\nDelivered-To: joe@here.example\nReceived: (qmail "))
        << notice;
    EXPECT_NE(
        notice.find(
            "\nFrom: MAILER-DAEMON@here.example\nTo: joe@here.example\nSubject: failure notice\n"),
        std::string::npos)
        << notice;
    EXPECT_NE(notice.find("\nHi. This is the qmail-send program at here.example.\n"),
              std::string::npos);
    EXPECT_NE(
        notice.find("\n<nobody@here.example>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n"),
        std::string::npos);
    EXPECT_NE(notice.find(
                  "\n<joe-none@here.example>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n"),
              std::string::npos);
    EXPECT_NE(notice.find("\n--- Below this line is a copy of the message.\n\nReturn-Path: "
                          "<joe@here.example>\nReceived: "),
              std::string::npos);
    EXPECT_TRUE(notice.ends_with(a_message()));
    EXPECT_EQ(mta.log_count("bounce msg "), 1u);
    EXPECT_TRUE(mta.wait_until_empty());
}

TEST_F(Bounce, ABounceThatBouncesGoesToPostmasterAndThatOneIsDropped)
{
    home.control("doublebounceto", "joe");
    Instance mta(home);
    SmtpClient(mta.port()).deliver("", {"nobody@here.example"}, a_message());
    ASSERT_TRUE(wait_for_maildir(maildir, 1)) << mta.log();
    const auto notice = maildir_messages(maildir)[0];
    EXPECT_TRUE(notice.starts_with("Return-Path: <#@[]>\n")) << notice;
    EXPECT_NE(
        notice.find(
            "\nI tried to deliver a bounce message to this address, but the bounce bounced!\n"),
        std::string::npos);
    EXPECT_NE(notice.find("\n--- Below this line is the original bounce.\n\nReturn-Path: <>\n"),
              std::string::npos);
    EXPECT_TRUE(mta.wait_until_empty());
}

TEST_F(Bounce, ATripleBounceIsDiscardedWithAWord)
{
    home.control("doublebounceto", "nobody-either");
    Instance mta(home);
    SmtpClient(mta.port()).deliver("gone@here.example", {"nobody@here.example"}, a_message());
    EXPECT_TRUE(mta.wait_for_log("triple bounce: discarding bounce/")) << mta.log();
    EXPECT_TRUE(mta.wait_until_empty());
    EXPECT_EQ(mta.log_count("bounce msg "), 2u);
}

TEST_F(Bounce, ADoubleBounceThatNobodyWantsIsDiscardedWithAWord)
{
    home.control("doublebounceto", "");
    Instance mta(home);
    SmtpClient(mta.port()).deliver("gone@here.example", {"nobody@here.example"}, a_message());
    EXPECT_TRUE(mta.wait_for_log("double bounce: discarding bounce/")) << mta.log();
    EXPECT_TRUE(mta.wait_until_empty());
    EXPECT_EQ(mta.log_count("bounce msg "), 1u);
}

TEST_F(Bounce, CopiesNoMoreThanItMay)
{
    home.control("bouncemaxbytes", "300");
    Instance mta(home);
    const auto long_message = a_message() + std::string(100000, 'x') + '\n';
    SmtpClient(mta.port()).deliver("joe@here.example", {"nobody@here.example"}, long_message);
    ASSERT_TRUE(wait_for_maildir(maildir, 1)) << mta.log();
    const auto notice = maildir_messages(maildir)[0];
    const auto copy = notice.find("\nReturn-Path: <joe@here.example>\nReceived: ");
    ASSERT_NE(copy, std::string::npos);
    const std::string end = "\n\n--- End of message stripped.\n";
    ASSERT_TRUE(notice.ends_with(end)) << notice.substr(notice.size() - 200);
    EXPECT_EQ(notice.size() - notice.find("Received: ", copy) - end.size(), 300u);
}

TEST_F(Bounce, ARemoteRefusalIsQuoted)
{
    SmtpScript far({.rules = {{"RCPT TO:<no@", "550 5.1.1 who?"}}});
    next_hop(far.route());
    Instance mta(home);
    SmtpClient(mta.port())
        .deliver("joe@here.example", {"no@far.example", "yes@far.example"}, a_message());
    ASSERT_TRUE(wait_for_maildir(maildir, 1)) << mta.log();
    const auto notice = maildir_messages(maildir)[0];
    EXPECT_NE(notice.find("\n<no@far.example>:\n127.0.0.1 does not like recipient.\nRemote host "
                          "said: 550 5.1.1 who?\n"),
              std::string::npos)
        << notice;
    EXPECT_NE(notice.find("Giving up on 127.0.0.1.\n"), std::string::npos) << notice;
    EXPECT_EQ(notice.find("yes@far.example>:"), std::string::npos);
    EXPECT_EQ(far.messages().size(), 1u);
}

TEST_F(Bounce, ListsGetOneEnvelopeSenderForEachRecipient)
{
    SmtpScript far;
    next_hop(far.route());
    Instance mta(home, {.smtpd = false});
    const auto result =
        run({.argv = {home.program("qmail-queue")}, .environment = home.environment()}, "");
    (void)result;
    dot_qmail("x@far.example\ny@far.example\n", "list");
    dot_qmail("", "list-owner");
    dot_qmail("", "list-owner-default");
    run({.argv = {home.program("qmail-inject"), "-fann@here.example", "joe-list"},
         .environment = home.environment({"USER=ann"})},
        a_message());
    ASSERT_TRUE(far.wait_for_messages(2)) << mta.log();
    std::string senders;
    for (const auto& session : far.sessions())
        for (const auto& command : session.commands)
            if (command.starts_with("MAIL")) senders += command + '\n';
    EXPECT_NE(senders.find("<joe-list-owner-x=far.example@here.example>"), std::string::npos)
        << senders;
    EXPECT_NE(senders.find("<joe-list-owner-y=far.example@here.example>"), std::string::npos)
        << senders;
}
