// Programs in place of qmail-queue, as they are in use: stand-ins that do with their descriptors
// what simscan, qmail-scanner and others do.
#include "support/process.hpp"
#include "support/temp_home.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace grapnel;
using namespace grapnel::test;
using testing::HasSubstr;

namespace {

class QueuePrograms : public ::testing::Test {
protected:
    QueuePrograms() { home.control("rcpthosts", "here.example"); }

    std::string deliver(const std::string& text, const std::string& script)
    {
        spill(home / "program", "#!/bin/sh\n" + script, 0755);
        const auto done = run(
            {{home.program("qmail-smtpd")},
             home.environment({"LSAN_OPTIONS=detect_leaks=0", "QMAILQUEUE=" + (home / "program"),
                               "WORK=" + (home / "work")})},
            "EHLO c.example\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<joe@here.example>\r\nDATA\r\n" +
                text + "\r\n.\r\nQUIT\r\n");
        return done.output;
    }
    std::string queued(const std::string& folder) const
    {
        for (const auto& name : home.queue_files())
            if (name.starts_with(folder + '/')) return home.read("queue/" + name);
        return {};
    }

    TempHome home;
};

// Reads the envelope before it starts the true one, whose descriptors are files then; refuses with
// 82 and a line on 4.
constexpr const char* simscan = "cat > $WORK.message\ncat <&1 > $WORK.envelope\n"
                                "if grep -q VIRUS $WORK.message; then\n"
                                "  printf 'DYour email was rejected because it contains the X "
                                "virus (#5.7.1)' >&4\n  exit 82\nfi\n"
                                "exec bin/qmail-queue < $WORK.message 1< $WORK.envelope\n";

// Adds a field of its own and leaves the envelope to the true one; refuses with 31 alone.
constexpr const char* qmail_scanner =
    "cat > $WORK.message\nif grep -q VIRUS $WORK.message; then exit 31; fi\n"
    "{ echo 'X-Qmail-Scanner: clear'; cat $WORK.message; } > $WORK.marked\n"
    "exec bin/qmail-queue < $WORK.marked\n";

TEST_F(QueuePrograms, OneLikeSimscanRunsUnchanged)
{
    EXPECT_THAT(deliver("Subject: x\r\n\r\nVIRUS", simscan),
                HasSubstr("554 5.7.1 Your email was rejected because it contains the X virus"));
    EXPECT_TRUE(home.queue_files().empty());
    EXPECT_THAT(deliver("Subject: x\r\n\r\nhi", simscan), HasSubstr("250 2.0.0 ok"));
    EXPECT_THAT(queued("mess"), HasSubstr("\nSubject: x\n\nhi\n"));
    EXPECT_THAT(queued("todo"), HasSubstr("Tjoe@here.example"));
}

TEST_F(QueuePrograms, OneLikeQmailScannerRunsUnchanged)
{
    EXPECT_THAT(deliver("Subject: x\r\n\r\nVIRUS", qmail_scanner),
                HasSubstr("554 5.3.0 mail server permanently rejected message (#5.3.0)"));
    EXPECT_THAT(deliver("Subject: x\r\n\r\nhi", qmail_scanner), HasSubstr("250 2.0.0 ok"));
    EXPECT_THAT(queued("mess"), HasSubstr("X-Qmail-Scanner: clear\nReceived: "));
    EXPECT_THAT(queued("todo"), HasSubstr("Fa@b.example"));
}

TEST_F(QueuePrograms, EachConventionOfATextIsUnderstood)
{
    const std::string read = "cat > /dev/null; cat <&1 > /dev/null\n";
    const std::string text = "Subject: x\r\n\r\nhi";
    const std::pair<const char*, const char*> cases[]{
        {"printf 'Dno, by four (#5.7.1)' >&4; exit 82\n", "554 5.7.1 no, by four (#5.7.1)\r\n"},
        {"printf 'Zlater, by six (#4.7.1)' >&6; exit 82\n", "451 4.7.1 later, by six (#4.7.1)\r\n"},
        {"eval \"printf 'Dno, by name (#5.7.1)' >&$ERROR_FD\"; exit 82\n",
         "554 5.7.1 no, by name (#5.7.1)\r\n"},
        {"eval \"printf 'Zlater, by name (#4.7.1)' >&$ERROR_FD\"; exit 88\n",
         "451 4.7.1 later, by name (#4.7.1)\r\n"},
        {"exit 71\n", "451 4.3.0 "},
        {"exit 31\n", "554 5.3.0 "},
    };
    for (const auto& [script, reply] : cases)
        EXPECT_THAT(deliver(text, read + script), HasSubstr(reply)) << script;
    EXPECT_TRUE(home.queue_files().empty());
}

}
