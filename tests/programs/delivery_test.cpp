// SMTP in; to a Maildir, an mbox, a program and a forward out.
#include "programs/pipeline.hpp"

using namespace grapnel::test;
using ::testing::Test;

using Delivery = Pipeline;

TEST_F(Delivery, SmtpToMaildir)
{
    Instance mta(home);
    SmtpClient client(mta.port());
    EXPECT_TRUE(client.greeting().starts_with("220 here.example"));
    EXPECT_TRUE(client.deliver("a@client.example", {"joe@here.example"}, a_message())
                    .starts_with("250 2.0.0 ok "));
    EXPECT_TRUE(client.command("QUIT").starts_with("221 "));
    ASSERT_TRUE(wait_for_maildir(maildir, 1));
    const auto trace = trace_of(maildir_messages(maildir)[0], a_message());
    ASSERT_TRUE(trace) << maildir_messages(maildir)[0];
    EXPECT_TRUE(trace->starts_with("Return-Path: <a@client.example>\nDelivered-To: "
                                   "joe@here.example\nReceived: from client.example "))
        << *trace;
    EXPECT_TRUE(mta.wait_until_empty());
    EXPECT_TRUE(mta.stop()) << mta.log();
    EXPECT_EQ(mta.log_count("delivery 1: success: did_1+0+0/"), 1u) << mta.log();
    EXPECT_EQ(mta.log_count("end msg "), 1u);
    EXPECT_TRUE(mta.log().ends_with("status: exiting\n"));
}

TEST_F(Delivery, ToMboxInMboxrd)
{
    dot_qmail("./Mailbox\n");
    Instance mta(home);
    const std::string tricky = "Subject: x\n\nFrom the start\n>From again\n";
    SmtpClient(mta.port()).deliver("a@client.example", {"joe@here.example"}, tricky);
    ASSERT_TRUE(mta.wait_for_log("end msg "));
    const auto mbox = slurp(joe + "/Mailbox");
    EXPECT_TRUE(mbox.starts_with("From a@client.example ")) << mbox;
    EXPECT_NE(mbox.find("\nReturn-Path: <a@client.example>\nDelivered-To: joe@here.example\n"),
              std::string::npos);
    EXPECT_TRUE(mbox.ends_with("Subject: x\n\n>From the start\n>>From again\n\n")) << mbox;
}

TEST_F(Delivery, ToAProgramWithItsEnvironment)
{
    dot_qmail(
        "| { echo \"$SENDER $RECIPIENT $USER $EXT $DEFAULT\"; cat; } > out.new && mv out.new out\n",
        "list-default");
    Instance mta(home);
    SmtpClient(mta.port()).deliver("a@client.example", {"joe-list-One@here.example"}, a_message());
    const auto out = wait_for_file(joe + "/out");
    EXPECT_TRUE(
        out.starts_with("a@client.example joe-list-One@here.example joe list-One One\nReceived: "))
        << out;
    EXPECT_TRUE(trace_of(out.substr(out.find('\n') + 1), a_message())) << out;
    EXPECT_TRUE(mta.wait_for_log("success: did_0+0+1/"));
}

TEST_F(Delivery, ToAForwardInsideAndOut)
{
    SmtpScript far;
    next_hop(far.route());
    dot_qmail("&joe@here.example\nx@far.example\n", "both");
    Instance mta(home);
    SmtpClient(mta.port()).deliver("a@client.example", {"joe-both@here.example"}, a_message());
    ASSERT_TRUE(wait_for_maildir(maildir, 1)) << mta.log();
    ASSERT_TRUE(far.wait_for_messages(1)) << mta.log();
    EXPECT_TRUE(trace_of(maildir_messages(maildir)[0], a_message()));
    EXPECT_TRUE(trace_of(far.messages()[0], a_message())) << far.messages()[0];
    EXPECT_NE(far.messages()[0].find("Delivered-To: joe-both@here.example\n"), std::string::npos);
    EXPECT_TRUE(mta.wait_for_log("success: did_0+2+0/qp_"));
    EXPECT_TRUE(mta.wait_until_empty());
}

TEST_F(Delivery, SeveralLinesInOrderAndManyRecipients)
{
    const auto jane = home.user("jane");
    dot_qmail("# a comment\n./Maildir/\n./Mailbox\n|cat >/dev/null\n");
    Instance mta(home);
    SmtpClient(mta.port())
        .deliver("", {"joe@here.example", "jane@here.example", "jane-x@here.example"}, a_message());
    spill(jane + "/.qmail-x", "");
    ASSERT_TRUE(mta.wait_for_log("end msg "));
    EXPECT_EQ(mta.log_count("success: did_2+0+1/"), 1u) << mta.log();
    EXPECT_EQ(maildir_count(maildir), 1u);
    EXPECT_GE(maildir_count(jane + "/Maildir"), 1u);
    EXPECT_NE(slurp(joe + "/Mailbox").find("From MAILER-DAEMON "), std::string::npos);
}

TEST_F(Delivery, VirtualDomainsAndTheAliasUser)
{
    home.control("rcpthosts", "here.example\nvirtual.example");
    home.control("virtualdomains", "virtual.example:joe-v");
    dot_qmail("./Maildir/\n", "v-default");
    home.write("alias/.qmail-info", joe + "/Mailbox\n", 0600);
    Instance mta(home);
    SmtpClient(mta.port())
        .deliver("a@b.example", {"any@virtual.example", "info@here.example"}, a_message());
    ASSERT_TRUE(wait_for_maildir(maildir, 1)) << mta.log();
    EXPECT_NE(maildir_messages(maildir)[0].find("Delivered-To: joe-v-any@virtual.example\n"),
              std::string::npos);
    EXPECT_EQ(mta.log_count("to local joe-v-any@virtual.example"), 1u);
    EXPECT_TRUE(mta.wait_for_log("to local info@here.example"));
    EXPECT_TRUE(mta.wait_until_empty()) << mta.log();
}

TEST_F(Delivery, AProgramsExitCodeDecides)
{
    dot_qmail("|echo not now; exit 111\n", "later");
    dot_qmail("|echo never; exit 100\n", "never");
    dot_qmail("|exit 99\n|touch reached\n", "enough");
    Instance mta(home);
    SmtpClient(mta.port())
        .deliver("",
                 {"joe-later@here.example", "joe-never@here.example", "joe-enough@here.example"},
                 a_message());
    EXPECT_TRUE(mta.wait_for_log("deferral: not_now/")) << mta.log();
    EXPECT_TRUE(mta.wait_for_log("failure: never/"));
    EXPECT_TRUE(mta.wait_for_log("success: did_0+0+1/"));
    EXPECT_EQ(slurp(joe + "/reached"), "");
}

TEST_F(Delivery, MailThatComesBackIsALoop)
{
    dot_qmail("joe-b@here.example\n", "a");
    dot_qmail("joe-a@here.example\n", "b");
    Instance mta(home);
    SmtpClient(mta.port()).deliver("joe@here.example", {"joe-a@here.example"}, a_message());
    ASSERT_TRUE(wait_for_maildir(maildir, 1)) << mta.log();
    EXPECT_NE(maildir_messages(maildir)[0].find(
                  "This message is looping: it already has my Delivered-To line. (#5.4.6)"),
              std::string::npos);
    EXPECT_TRUE(mta.wait_until_empty());
}
