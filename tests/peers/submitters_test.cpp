// Programs that send by `sendmail`: mail readers, cron, git, PHP.
#include "peers/peer.hpp"
#include "programs/pipeline.hpp"

#include <unistd.h>

#include <filesystem>

using namespace grapnel::test;
namespace fs = std::filesystem;

struct Submitters : Pipeline {
    Submitters() { fs::create_directory(work / "home"); }

    // Runs a shell command in a directory of its own. $sendmail is ours.
    void shell(const std::string& command, const std::string& input = "High at noon.\n") const
    {
        const auto done = run({.argv = {"sh", "-c", command},
                               .environment = home.environment(
                                   {"HOME=" + (work / "home"), "sendmail=" + sendmail, "USER=vic",
                                    "LOGNAME=vic", "LC_ALL=C.UTF-8", "TERM=dumb"}),
                               .directory = work.path()},
                              input);
        EXPECT_EQ(done.ending.code, 0) << done.output << done.errors;
    }

    // The only message that came, or "".
    std::string arrived(const std::string& folder) const
    {
        if (!wait_for_maildir(folder, 1)) return "";
        EXPECT_EQ(maildir_count(folder), 1u);
        return maildir_messages(folder)[0];
    }

    static void expect_all_in(const std::string& message, const std::vector<std::string>& parts)
    {
        for (const auto& part : parts)
            EXPECT_NE(message.find(part), std::string::npos) << part << "\nin\n" << message;
    }

    std::string ann = home.user("ann") + "/Maildir";
    Instance mta{home, {.smtpd = false}};
    std::string sendmail = home.program("sendmail");
    TempDirectory work;
};

TEST_F(Submitters, MuttWithBcc)
{
    const auto mutt = peer("mutt");
    SKIP_WITHOUT(mutt);
    shell(mutt +
          " -n -F /dev/null -e \"set sendmail='$sendmail -oem -oi'\" -e 'set use_envelope_from' "
          "-e 'set copy=no' -e 'set realname=\"V. I. C.\"' -e 'set from=vic@here.example' "
          "-s 'high tide' -b ann@here.example joe@here.example");
    expect_all_in(arrived(maildir),
                  {"Return-Path: <vic@here.example>\n", "From: \"V. I. C.\" <vic@here.example>\n",
                   "To: joe@here.example\n", "Subject: high tide\n", "\n\nHigh at noon.\n"});
    EXPECT_EQ(arrived(ann).find("ann@here.example", arrived(ann).find("\nReceived:")),
              std::string::npos);
}

TEST_F(Submitters, SNail)
{
    const auto nail = peer("s-nail");
    SKIP_WITHOUT(nail);
    shell(nail + " -:/ -S mta=\"$sendmail\" -S v15-compat -S from=vic@here.example "
                 "-r vic@here.example -s 'high tide' -c ann@here.example joe@here.example");
    expect_all_in(arrived(maildir), {"Return-Path: <vic@here.example>\n", "To: joe@here.example\n",
                                     "Subject: high tide\n", "\n\nHigh at noon.\n"});
    expect_all_in(arrived(ann), {"Cc: ann@here.example\n"});
}

TEST_F(Submitters, BsdMailx)
{
    const auto mailx = peer("bsd-mailx");
    SKIP_WITHOUT(mailx);
    shell("echo \"set sendmail=$sendmail\" > rc; MAILRC=rc exec " + mailx +
          " -n -s 'high tide' -b ann@here.example joe@here.example");
    expect_all_in(arrived(maildir),
                  {"Return-Path: <vic@here.example>\n", "From: vic@here.example\n",
                   "To: joe@here.example\n", "Subject: high tide\n", "\n\nHigh at noon.\n"});
    EXPECT_NE(arrived(ann), "");
}

TEST_F(Submitters, GitSendEmail)
{
    const auto program = peer_file("usr/lib/git-core/git-send-email");
    SKIP_WITHOUT(program);
    const std::string libraries = "PERL5LIB=" PEERS "/usr/share/perl5";
    const auto tried = run({.argv = {"perl", "-MGit", "-MMail::Address", "-e", "0"},
                            .environment = home.environment({libraries})});
    if (!(tried == 0)) GTEST_SKIP() << "skipped: no git: " << tried.errors;
    shell("cat > 0001.patch; GIT_CONFIG_NOSYSTEM=1 GIT_COMMITTER_NAME=Vic "
          "GIT_COMMITTER_EMAIL=vic@here.example GIT_AUTHOR_NAME=Vic "
          "GIT_AUTHOR_EMAIL=vic@here.example " +
              libraries + " exec perl " + program +
              " --sendmail-cmd=\"$sendmail\" --from='Vic <vic@here.example>' --to=joe@here.example "
              "--envelope-sender=auto --confirm=never --quiet 0001.patch",
          "From 1234567890123456789012345678901234567890 Mon Sep 17 00:00:00 2001\n"
          "From: Ann <ann@here.example>\nDate: Mon, 1 Jan 2001 00:00:00 +0000\n"
          "Subject: [PATCH] tide: high at noon\n\nIt is.\n---\n tide | 1 +\n");
    expect_all_in(arrived(maildir), {"Return-Path: <vic@here.example>\n", "To: joe@here.example\n",
                                     "Cc: Ann <ann@here.example>\n",
                                     "Subject: [PATCH] tide: high at noon\n", "\nIt is.\n"});
    EXPECT_NE(arrived(ann), "");
}

TEST_F(Submitters, PhpsMail)
{
    const auto php = peer("php8.2");
    SKIP_WITHOUT(php);
    shell(php + " -n -d mail.mixed_lf_and_crlf=1 -d sendmail_path=\"$sendmail -t -i\" -r '"
                "exit(mail(\"joe@here.example\", \"high tide\", \"High at noon.\\n.\\nand after\","
                " \"From: shop@here.example\\r\\nBcc: ann@here.example\","
                " \"-fbounces@here.example\") ? 0 : 1);'");
    const auto got = arrived(maildir);
    expect_all_in(got, {"Return-Path: <bounces@here.example>\n", "From: shop@here.example\n",
                        "To: joe@here.example\n", "Subject: high tide\n",
                        "\n\nHigh at noon.\n.\nand after"});
    EXPECT_EQ(got.find("Bcc"), std::string::npos) << got;
    EXPECT_NE(arrived(ann), "");
}

// cron runs /usr/sbin/sendmail, and only as root: in a mount namespace of its own that is ours.
TEST_F(Submitters, CronMailsWhatAJobPrints)
{
    const auto cron = peer_file("usr/sbin/cron");
    SKIP_WITHOUT(cron);
    const auto tried = run({.argv = {"unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"}});
    if (!(tried == 0)) GTEST_SKIP() << "skipped: no mount namespace here: " << tried.errors;
    for (const auto* folder : {"sbin", "spool", "spool/crontabs", "run", "cron.d"})
        fs::create_directory(work / folder);
    spill(work / "sbin/sendmail",
          "#!/bin/sh\nQMAILHOME=" + home.path() + " exec " + sendmail + " \"$@\"\n", 0755);
    fs::copy_file(cron, work / "sbin/cron");
    spill(work / "spool/crontabs/root", "MAILTO=joe@here.example\n@reboot echo High at noon.\n",
          0600);
    Process running({.argv = {"unshare", "-m", "sh", "-c",
                              "mkdir -p /var/spool/cron && mount --bind sbin /usr/sbin && "
                              "mount --bind spool /var/spool/cron && mount --bind run /run && "
                              "exec /usr/sbin/cron -f -L 0"},
                     .environment = home.environment(),
                     .directory = work.path(),
                     .own_group = true});
    const auto got = arrived(maildir);
    expect_all_in(got, {"To: joe@here.example\n", "echo High at noon.\n", "\n\nHigh at noon.\n"});
    running.kill(SIGTERM);
}
