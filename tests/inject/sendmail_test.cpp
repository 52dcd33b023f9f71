// sendmail and qmail-inject as programs: what callers see of them.
#include "inject/capture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

using namespace grapnel::test;
using testing::HasSubstr;
using testing::Not;
using namespace std::string_literals;

namespace {

const std::string message = "To: x@y.example\nSubject: s\n\nline\n.\nafter the dot\n";

class Sendmail : public testing::Test {
protected:
    Ran run(std::vector<std::string> words, std::vector<std::string> variables = {"USER=skua"},
            std::string_view input = message)
    {
        words[0] = home.program(words[0]);
        for (const auto& variable : capture.environment()) variables.push_back(variable);
        return run_program(home, words, variables, input);
    }
    Captured only()
    {
        auto all = capture.take();
        EXPECT_EQ(all.size(), 1u);
        return all.empty() ? Captured{} : all[0];
    }
    // bin/NAME of this home becomes a script that tells how it was started.
    void replace(const std::string& name)
    {
        std::filesystem::remove(home.program(name));
        spill(home.program(name),
              "#!/bin/sh\necho \"$0 $*\"; pwd; env | grep -E '^(TCP|PROTO|RELAY|DATAB)' | sort; "
              "cat\n",
              0755);
    }

    TempHome home;
    Capture capture;
};

}

TEST_F(Sendmail, ADotEndsNothing)
{
    EXPECT_EQ(run({"sendmail", "a@b.example"}).outcome.ending.code, 0);
    const auto one = only();
    EXPECT_THAT(one.message, HasSubstr("\n\nline\n.\nafter the dot\n"));
    EXPECT_EQ(one.envelope, "Fskua@here.example\0Ta@b.example\0\0"s);
}

TEST_F(Sendmail, TakesRecipientsFromTheHeaderToo)
{
    run({"sendmail", "-t", "-i", "a@b.example"});
    EXPECT_EQ(only().envelope, "Fskua@here.example\0Ta@b.example\0Tx@y.example\0\0"s);
}

TEST_F(Sendmail, TheSenderIsTheAuthorToo)
{
    run({"sendmail", "-F", "Lost Name", "-fjoe@h.example", "a@b.example"},
        {"USER=skua", "NAME=N", "MAILHOST=mh"});
    const auto one = only();
    EXPECT_THAT(one.message, HasSubstr("From: joe@h.example\n"));
    EXPECT_THAT(one.envelope, HasSubstr("Fjoe@h.example"));
    run({"sendmail", "-FCronDaemon", "-i", "-odi", "-oem", "-oi", "-t"});
    EXPECT_THAT(only().message, HasSubstr("From: \"CronDaemon\" <skua@here.example>\n"));
}

TEST_F(Sendmail, TheNullSenderIsWrittenEitherWay)
{
    for (const auto* null : {"-f<>", "-f"}) {
        std::vector<std::string> words{"sendmail", null};
        if (null == "-f"s) words.emplace_back();
        words.emplace_back("a@b.example");
        run(words);
        EXPECT_EQ(only().envelope, "F\0Ta@b.example\0\0"s) << null;
    }
}

TEST_F(Sendmail, ReportWishesBecomeExtensionRecords)
{
    run({"sendmail", "-N", "never", "-R", "hdrs", "-V", "id1", "a@b.example", "c@d.example"});
    EXPECT_EQ(only().envelope,
              "Fskua@here.example\0Ta@b.example\0Tc@d.example\0\0ret=hdrs\0envid=id1\0"
              "0:notify=never\0"
              "1:notify=never\0"s);
    EXPECT_EQ(run({"sendmail", "-N", "perhaps", "a"}).outcome.ending.code, 100);
    EXPECT_TRUE(capture.take().empty());
}

TEST_F(Sendmail, BecomesOtherPrograms)
{
    replace("qmail-smtpd");
    replace("qmail-qread");
    EXPECT_EQ(
        run({"sendmail", "-bs"}, {}, "QUIT\n").outcome.output,
        "bin/qmail-smtpd \n" + home.path() +
            "\nDATABYTES=0\nPROTO=TCP\nRELAYCLIENT=\nTCPLOCALHOST=localhost\nTCPLOCALIP=127.0.0.1\n"
            "TCPREMOTEHOST=localhost\nTCPREMOTEINFO=sendmail-bs\nTCPREMOTEIP=127.0.0.1\nQUIT\n");
    EXPECT_EQ(run({"sendmail", "-bs"}, {"PROTO=SSL"}, "").outcome.output,
              "bin/qmail-smtpd \n" + home.path() + "\nPROTO=SSL\n");
    std::filesystem::create_symlink("sendmail", home.program("mailq"));
    for (const auto& words : std::vector<std::vector<std::string>>{{"sendmail", "-bp"}, {"mailq"}})
        EXPECT_THAT(run(words, {}, "").outcome.output, HasSubstr("bin/qmail-qread \n"));
}

TEST_F(Sendmail, DoesWhatQmailInjectDoesUnlessAnotherOneIsThere)
{
    home.write("program", "#!/bin/sh\ncat /proc/$PPID/comm >&2\nexit 31\n", 0755);
    const auto by = [&] {
        return run_program(home, {home.program("sendmail"), "-f", "me@x.example", "a"},
                           {"QMAILQUEUE=" + home / "program"}, message)
            .outcome;
    };
    const auto own = by();
    EXPECT_EQ(own.errors, "sendmail\nqmail-inject: fatal: mail server permanently rejected message "
                          "(#5.3.0)\n");
    EXPECT_EQ(own.ending.code, 100);
    const auto built = std::filesystem::canonical(home.program("qmail-inject"));
    std::filesystem::remove(home.program("qmail-inject"));
    std::filesystem::copy(built, home.program("qmail-inject"));
    EXPECT_EQ(by().errors, own.errors) << "a copy is the same program";
    replace("qmail-inject");
    EXPECT_EQ(by().output,
              "bin/qmail-inject -a -f me@x.example -- a\n" + home.path() + '\n' + message);
}

TEST_F(Sendmail, AliasesAreNotItsBusiness)
{
    std::filesystem::create_symlink("sendmail", home.program("newaliases"));
    const auto said = run({"newaliases"}).outcome;
    EXPECT_EQ(said.ending.code, 100);
    EXPECT_EQ(said.errors, "sendmail: fatal: please use fastforward/newaliases instead\n");
}

TEST_F(Sendmail, SaysWhatItCannotDo)
{
    const auto usage = run({"sendmail", "-bd"}).outcome;
    EXPECT_EQ(usage.ending.code, 100);
    EXPECT_EQ(
        usage.errors,
        "sendmail: usage: sendmail [ -t ] [ -fsender ] [ -Fname ] [ -bp ] [ -bs ] [ arg ... ]\n");
    std::filesystem::remove(home.program("qmail-inject"));
    const auto gone = run({"sendmail", "a"}).outcome;
    EXPECT_EQ(gone.ending.code, 111);
    EXPECT_EQ(gone.errors, "sendmail: fatal: unable to run qmail-inject\n");
    std::filesystem::remove_all(home.path());
    const auto homeless = run_program(home, {GRAPNEL_SENDMAIL, "a"}, {}, "").outcome;
    EXPECT_EQ(homeless.ending.code, 111);
    EXPECT_EQ(homeless.errors, "sendmail: fatal: unable to switch to qmail home directory\n");
}

TEST_F(Sendmail, NothingIsQueuedWithoutAProgramForIt)
{
    const auto none =
        run_program(home, {home.program("qmail-inject"), "a"}, {"QMAILQUEUE=/nonexistent"}, message)
            .outcome;
    EXPECT_EQ(none.ending.code, 111);
    EXPECT_EQ(none.errors, "qmail-inject: fatal: unable to exec qq (#4.3.0)\n");
}

TEST_F(Sendmail, AHeaderHasABoundAndABodyHasNone)
{
    const auto endless = run({"qmail-inject", "a"}, {}, "X: " + std::string(17 << 20, 'x')).outcome;
    EXPECT_EQ(endless.ending.code, 100);
    EXPECT_EQ(endless.errors,
              "qmail-inject: fatal: header is longer than 16777216 bytes (#5.3.4)\n");
    EXPECT_TRUE(capture.take().empty());
    EXPECT_EQ(
        run({"qmail-inject", "a"}, {}, "X: y\n\n" + std::string(17 << 20, 'x')).outcome.ending.code,
        0);
    EXPECT_GT(only().message.size(), 17u << 20);
}

TEST_F(Sendmail, ThousandsOfRecipientsInOneField)
{
    std::string field = "Bcc: ";
    for (int i = 0; i < 20000; ++i) field += "person" + std::to_string(i) + "@x.example,\n ";
    EXPECT_EQ(run({"sendmail", "-t"}, {}, field + "last@x.example\n\nbody\n").outcome.ending.code,
              0);
    const auto one = only();
    EXPECT_EQ(std::count(one.envelope.begin(), one.envelope.end(), '\0'), 20003);
    EXPECT_THAT(one.message, Not(HasSubstr("person")));
}
