// maildrop, procmail, Dovecot's lda and a mailing list by mlmmj, started from `.qmail`.
#include "peers/peer.hpp"
#include "programs/pipeline.hpp"

#include <unistd.h>

#include <filesystem>

using namespace grapnel::test;
namespace fs = std::filesystem;

namespace {

void make_maildir(const std::string& path)
{
    for (const auto* part : {"/tmp", "/new", "/cur"}) fs::create_directories(path + part);
}

}

struct DeliveryAgents : Pipeline {
    static void send(Instance& mta, const std::string& to, const std::string& subject)
    {
        SmtpClient(mta.port()).deliver("a@client.example", {to}, a_message(subject));
    }

    // What an agent stored has the three lines that preline puts in front.
    static void expect_whole(const std::string& stored)
    {
        EXPECT_NE(stored.find("Return-Path: <a@client.example>\nDelivered-To: "), std::string::npos)
            << stored;
        EXPECT_NE(stored.find("\n\nDear Joe,\n.\nthat was a dot.\n"), std::string::npos) << stored;
    }

    const std::string drop = joe + "/Maildir-drop";
};

TEST_F(DeliveryAgents, MaildropSortsRefusesAndDefers)
{
    const auto maildrop = peer("maildrop");
    SKIP_WITHOUT(maildrop);
    make_maildir(drop);
    spill(joe + "/mailfilter",
          "if (/^Subject: refuse/)\n{\n    echo \"not wanted here\"\n    EXITCODE=77\n    exit\n}\n"
          "if (/^Subject: later/)\n{\n    EXITCODE=75\n    exit\n}\n"
          "to \"" +
              drop + "\"\n",
          0600);
    dot_qmail("|preline " + maildrop + " ./mailfilter\n");
    Instance mta(home);
    send(mta, "joe@here.example", "hello");
    ASSERT_TRUE(wait_for_maildir(drop, 1)) << mta.log();
    expect_whole(maildir_messages(drop)[0]);
    send(mta, "joe@here.example", "refuse");
    EXPECT_TRUE(mta.wait_for_log("failure: not_wanted_here/")) << mta.log();
    send(mta, "joe@here.example", "later");
    EXPECT_TRUE(mta.wait_for_log("deferral: ")) << mta.log();
    EXPECT_EQ(maildir_count(drop), 1u);
}

TEST_F(DeliveryAgents, ProcmailSortsAndRefuses)
{
    const auto procmail = peer("procmail");
    SKIP_WITHOUT(procmail);
    make_maildir(drop);
    spill(joe + "/procmailrc",
          "MAILDIR=" + joe +
              "\n:0\n* ^Subject: refuse\n{\n    EXITCODE=77\n    HOST\n}\n:0\n"
              "* ^Subject: box\nprocbox\n:0\nMaildir-drop/\n",
          0600);
    dot_qmail("|preline " + procmail + " -p -m " + joe + "/procmailrc\n");
    Instance mta(home);
    send(mta, "joe@here.example", "hello");
    ASSERT_TRUE(wait_for_maildir(drop, 1)) << mta.log();
    expect_whole(maildir_messages(drop)[0]);
    send(mta, "joe@here.example", "box");
    EXPECT_TRUE(wait_until([&] { return mta.log_count(": success: ") == 2; })) << mta.log();
    const auto box = slurp(joe + "/procbox");
    EXPECT_TRUE(box.starts_with("From a@client.example ")) << box << mta.log();
    expect_whole(box);
    send(mta, "joe@here.example", "refuse");
    EXPECT_TRUE(mta.wait_for_log("failure: ")) << mta.log();
}

// Dovecot has its own directories built in, so it sees them in a mount namespace of its own.
TEST_F(DeliveryAgents, DovecotsLdaStores)
{
    const auto lda = peer_file("usr/lib/dovecot/dovecot-lda");
    SKIP_WITHOUT(lda);
    if (::geteuid() != 0) GTEST_SKIP() << "skipped: not root, so no mounts of our own";
    const TempDirectory his;
    const auto mail = his / "Maildir";
    make_maildir(mail);
    spill(his / "dovecot.conf", "mail_location = maildir:" + mail + "\nbase_dir = " + his.path() +
                                    "\nlog_path = " + (his / "log") +
                                    "\nssl = no\nprotocols =\nfirst_valid_uid = 1\n");
    spill(his / "deliver",
          "#!/bin/sh\n"
          "if [ -x /usr/lib/dovecot/dovecot-lda ]; then :; else\n"
          "    mount -t overlay overlay -o lowerdir=" PEERS "/usr:/usr /usr || exit 111\nfi\n"
          "exec setpriv --reuid 65534 --regid 65534 --clear-groups env -u QMAILHOME HOME=" +
              his.path() + " USER=nobody /usr/lib/dovecot/dovecot-lda -e -c " +
              (his / "dovecot.conf") + " -f \"$SENDER\" -a \"$RECIPIENT\"\n",
          0755);
    EXPECT_EQ(run({.argv = {"chown", "-R", "65534:65534", his.path()}}).ending.code, 0);
    const auto tried = run({.argv = {"unshare", "-m", "true"}});
    if (!(tried == 0)) GTEST_SKIP() << "skipped: no mount namespace here: " << tried.errors;
    dot_qmail("|preline -f unshare -m " + (his / "deliver") + "\n");
    Instance mta(home);
    send(mta, "joe@here.example", "hello");
    ASSERT_TRUE(wait_for_maildir(mail, 1)) << mta.log() << slurp(his / "log");
    expect_whole(maildir_messages(mail)[0]);
}

TEST_F(DeliveryAgents, AListByMlmmjReachesItsMembersAndGetsTheirBounces)
{
    const auto receive = peer("mlmmj-receive");
    SKIP_WITHOUT(receive);
    const auto list = joe + "/list";
    for (const auto* part : {"incoming", "queue", "queue/discarded", "archive", "text", "subconf",
                             "unsubconf", "bounce", "control", "moderation", "subscribers.d",
                             "digesters.d", "nomailsubs.d", "requeue"})
        fs::create_directories(list + '/' + part);
    home.user("ann");
    dot_qmail("|preline -f " + receive + " -F -L " + list + "\n", "list");
    dot_qmail("|preline -f " + receive + " -F -L " + list + "\n", "list-default");
    Instance mta(home);
    spill(list + "/control/listaddress", "joe-list@here.example\n");
    spill(list + "/control/owner", "joe@here.example\n");
    spill(list + "/control/delimiter", "-\n");
    spill(list + "/control/relayhost", "127.0.0.1\n");
    spill(list + "/control/smtpport", std::to_string(mta.port()) + '\n');
    spill(list + "/subscribers.d/a", "ann@here.example\n");
    spill(list + "/subscribers.d/g", "gone@here.example\n");
    spill(list + "/subscribers.d/j", "joe@here.example\n");
    SmtpClient(mta.port())
        .deliver("ann@here.example", {"joe-list@here.example"},
                 "From: ann@here.example\nTo: joe-list@here.example\nSubject: hello\n\nAll!\n");
    ASSERT_TRUE(wait_for_maildir(maildir, 1)) << mta.log();
    const auto got = maildir_messages(maildir)[0];
    EXPECT_TRUE(got.starts_with("Return-Path: <joe-list-bounces-")) << got;
    EXPECT_NE(got.find("\n\nAll!\n"), std::string::npos) << got;
    // The member who is gone bounces to the list, under an address that says who.
    EXPECT_TRUE(mta.wait_for_log("to local joe-list-bounces-")) << mta.log();
    EXPECT_TRUE(wait_until([&] {
        for (const auto& entry : fs::directory_iterator(list + "/bounce"))
            if (entry.path().string().find("gone=here.example") != std::string::npos) return true;
        return false;
    })) << mta.log();
}
