// The built qmail-send and what it tells senders who asked (RFC 3461, 3464, 2852), as Python's
// email module reads it.
#include "send/sending.hpp"

#include "base/sys/file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <ctime>

namespace grapnel::test {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;
constexpr auto local = Channel::local, remote = Channel::remote;
constexpr auto message = "Subject: hello\nFrom: s@a.example\n\nthe text\n";

struct Reports : testing::Test {
    TempHome home;
    MessageNumber n = 0;
    std::time_t now = std::time(nullptr);
    Reports()
    {
        home.control("locals", "here.example");
        // Each notice in a file of its own, and its envelope beside it.
        home.write("stand-in",
                   "#!/bin/sh\ni=$(ls " + (home / "") + " | grep -c '^sent')\nexec 3<&1\ncat >" +
                       (home / "sent.$i") + ".new\ncat <&3 >" + (home / "envelope.$i") + "\nmv " +
                       (home / "sent.$i") + ".new " + (home / "sent.$i") + "\n",
                   0755);
    }
    SendingOptions options() const
    {
        return {.environment = {"QMAILQUEUE=" + (home / "stand-in")}};
    }

    std::string at(std::string_view folder) const { return queue_path(home, folder, n); }
    void lay(const std::string& records, const std::string& recipients)
    {
        n = lay_todo(home, zeros("u1|p7|p7 " + records + "|Fs@a.example|" + recipients), message);
    }
    // On file, born then, and due.
    void lay_old(const std::string& records, const std::string& to, std::time_t age)
    {
        n = lay_sorted(home, zeros("Fs@a.example|" + records), "", zeros(to), now - age, now,
                       message);
    }
    bool is_there(const std::string& name) const
    {
        return wait_until([&] { return status_if_there(home / name).has_value(); });
    }
    // Which notice it was, by number.
    std::string report(const std::string& number = "0") const
    {
        if (!is_there("sent." + number)) return "(none)";
        const auto read = run({.argv = {"python3", SOURCE_DIRECTORY "/tests/send/read_report.py"}},
                              home.read("sent." + number));
        return read.output + read.errors;
    }
    bool was_anything_sent() const { return status_if_there(home / "sent.0").has_value(); }
    bool all_is_gone() const
    {
        return wait_until([&] { return home.queue_files().empty(); });
    }
};

TEST_F(Reports, AFailureIsReportedToWhoGaveAnEnvelopeId)
{
    lay("envid=QQ+2B314 helo=client.example",
        "Tbob@far.example|p7 orcpt=rfc822;Bob+2Bx@far.example|");
    Sending send(home, options());
    ASSERT_TRUE(send.next_job(remote));
    send.report(remote, 0, 'D',
                "192.0.2.1 does not like recipient.\nRemote host said: 550 5.1.1 no such user\n"
                "Giving up on 192.0.2.1.\n");
    const auto text = report();
    EXPECT_THAT(text, HasSubstr("subject failure notice\nauto auto-replied\n"
                                "type multipart/report delivery-status\ndefects []\n"));
    EXPECT_THAT(text, HasSubstr("parts text/plain message/delivery-status message/rfc822\n"));
    EXPECT_THAT(text, HasSubstr("text Hi. This is the qmail-send program at here.example.\n"));
    EXPECT_THAT(text, HasSubstr("text <bob@far.example>:\ntext 192.0.2.1 does not like"));
    EXPECT_THAT(text, HasSubstr("field 0 Original-Envelope-Id: QQ+314\n"
                                "field 0 Reporting-MTA: dns; here.example\n"
                                "field 0 Received-From-MTA: dns; client.example\n"
                                "field 0 Arrival-Date: "));
    EXPECT_THAT(text, HasSubstr("field 1 Original-Recipient: rfc822; Bob+x@far.example\n"
                                "field 1 Final-Recipient: rfc822; bob@far.example\n"
                                "field 1 Action: failed\nfield 1 Status: 5.1.1\n"
                                "field 1 Remote-MTA: dns; [192.0.2.1]\n"
                                "field 1 Diagnostic-Code: smtp; 550 5.1.1 no such user\n"));
    EXPECT_THAT(text, HasSubstr("copy subject hello\ncopy body the text\n"));
    EXPECT_TRUE(all_is_gone());
    EXPECT_EQ(home.read("envelope.0"), zeros("F|Ts@a.example||"));
}

TEST_F(Reports, WithoutAWishAFailureIsReportedAsQmailDoes)
{
    lay("id=abc", "Tbob@far.example|");
    Sending send(home, options());
    ASSERT_TRUE(send.next_job(remote));
    send.report(remote, 0, 'D', "no\n");
    ASSERT_TRUE(is_there("sent.0"));
    EXPECT_THAT(home.read("sent.0"), HasSubstr("Subject: failure notice\n\nHi. This is"));
    EXPECT_TRUE(all_is_gone());
}

TEST_F(Reports, RetHdrsBringsTheHeaderOnly)
{
    lay("ret=HDRS", "Tbob@far.example|");
    Sending send(home, options());
    ASSERT_TRUE(send.next_job(remote));
    send.report(remote, 0, 'D', "no (#5.4.4)\n");
    const auto text = report();
    EXPECT_THAT(text, HasSubstr("message/delivery-status text/rfc822-headers\n"));
    EXPECT_THAT(text, HasSubstr("copy Subject: hello\n"));
    EXPECT_THAT(text, Not(HasSubstr("the text")));
    EXPECT_THAT(text, HasSubstr("Status: 5.4.4\nfield 1 Diagnostic-Code: x-qmail; no\n"));
}

TEST_F(Reports, BothFormsStandInOneNotice)
{
    home.control("bounceformat", "both");
    lay("id=abc", "Tbob@far.example|");
    Sending send(home, options());
    ASSERT_TRUE(send.next_job(remote));
    send.report(remote, 0, 'D', "no\n");
    const auto text = report();
    EXPECT_THAT(text, HasSubstr("defects []\npreamble Hi. This is the qmail-send program"));
    EXPECT_THAT(text, HasSubstr("field 1 Final-Recipient: rfc822; bob@far.example\n"));
    // As QSBMF: from the beginning of the body on, up to a paragraph that begins with "-".
    const auto bytes = home.read("sent.0");
    const auto body = bytes.substr(bytes.find("\n\n") + 2);
    EXPECT_TRUE(body.starts_with("Hi. This is the ")) << bytes;
    EXPECT_THAT(body, HasSubstr("out.\n\n<bob@far.example>:\nno\n\n--=_"));
}

TEST_F(Reports, AnOperatorWhoWantsQmailsFormHasItAlways)
{
    home.control("bounceformat", "qsbmf");
    lay("envid=x", "Tbob@far.example|");
    Sending send(home, options());
    ASSERT_TRUE(send.next_job(remote));
    send.report(remote, 0, 'D', "no\n");
    ASSERT_TRUE(is_there("sent.0"));
    EXPECT_THAT(home.read("sent.0"), Not(HasSubstr("multipart")));
}

TEST_F(Reports, NobodyIsToldWhoWantsNothing)
{
    lay("id=abc", "Tann@here.example|p7 notify=NEVER|Tbob@far.example|p7 notify=SUCCESS|");
    Sending send(home, options());
    ASSERT_TRUE(send.next_job(local) && send.next_job(remote));
    send.report(local, 0, 'D', "no\n");
    send.report(remote, 0, 'D', "no\n");
    EXPECT_TRUE(all_is_gone());
    EXPECT_EQ(send.stop()->code, 0);
    EXPECT_FALSE(was_anything_sent());
}

TEST_F(Reports, StraightFromTodoNobodyIsToldEither)
{
    lay("id=abc", "Tann@here.example|p7 notify=NEVER|");
    Sending send(home, options());
    ASSERT_TRUE(send.next_job(local));
    send.report(local, 0, 'D', "no\n");
    EXPECT_TRUE(all_is_gone());
    EXPECT_EQ(send.stop()->code, 0);
    EXPECT_FALSE(was_anything_sent());
}

TEST_F(Reports, SuccessesAreToldInOneReport)
{
    lay("id=abc", "Tann@here.example|p7 notify=SUCCESS|Tbob@far.example|p7 notify=SUCCESS,FAILURE|"
                  "Tcid@far.example|Tdan@far.example|p7 notify=SUCCESS|");
    Sending send(home, options());
    ASSERT_TRUE(send.next_job(local));
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(send.next_job(remote));
    send.report(local, 0, 'K', "did 1+0+0\n");
    send.report(remote, 0, 'K',
                "192.0.2.1 accepted message.\nRemote host said: 250 2.0.0 queued\n");
    send.report(remote, 1, 'K', "192.0.2.1 accepted message.\nRemote host said: 250 ok\n");
    send.report(remote, 2, 'K',
                "192.0.2.1 accepted message.\ndsn passed on\nRemote host said: 250 ok\n");
    const auto lines = send.lines_until("end msg");
    EXPECT_THAT(lines, Contains(HasSubstr("notice msg " + std::to_string(n) + ": success qp ")));
    std::string all = report("0");
    if (status_if_there(home / "sent.1")) all += report("1");   // local and remote turns end apart
    EXPECT_THAT(all, HasSubstr("subject success notice\n"));
    EXPECT_THAT(all, HasSubstr("Final-Recipient: rfc822; ann@here.example\nfield 1 Action: "
                               "delivered\nfield 1 Status: 2.0.0\n"));
    EXPECT_THAT(all, HasSubstr("Final-Recipient: rfc822; bob@far.example\n"));
    EXPECT_THAT(all, HasSubstr("Action: relayed\n"));
    EXPECT_THAT(all, HasSubstr("Remote-MTA: dns; [192.0.2.1]\n"));
    EXPECT_THAT(all, Not(HasSubstr("cid@"))) << "did not ask";
    EXPECT_THAT(all, Not(HasSubstr("dan@"))) << "will hear it from who has it now";
    EXPECT_THAT(all, Not(HasSubstr("text Hi. This is the"))) << "looks like a failure to programs";
    EXPECT_THAT(all, Not(HasSubstr("the text")));
    EXPECT_TRUE(all_is_gone());
}

TEST_F(Reports, ASuccessOfAMessageThatStaysIsToldAtOnceAndOnce)
{
    lay("id=abc", "Tann@here.example|p7 notify=SUCCESS|Tbob@far.example|");
    {
        Sending send(home, options());
        ASSERT_TRUE(send.next_job(local) && send.next_job(remote));
        send.report(remote, 0, 'Z', "later\n");
        send.report(local, 0, 'K', "did 1+0+0\n");
        send.lines_until("notice msg");
        EXPECT_TRUE(wait_until(
            [&] { return slurp(at("bounce") + ".dsn").find("\ntold ") != std::string::npos; }));
        send.process().kill(SIGKILL);
        send.wait();
    }
    Sending send(home, options());
    ASSERT_TRUE(send.next_job(remote));
    send.report(remote, 0, 'K', "192.0.2.1 accepted message.\nRemote host said: 250 ok\n");
    EXPECT_TRUE(all_is_gone());
    EXPECT_EQ(send.stop()->code, 0);
    EXPECT_THAT(report(), HasSubstr("Action: delivered"));
    EXPECT_FALSE(status_if_there(home / "sent.1"));
}

TEST_F(Reports, WhatWasNotToldBeforeACrashIsToldAfterIt)
{
    lay_old("r0:notify=SUCCESS|", "Dbob@far.example|Tcid@far.example|", 10);
    spill(at("bounce") + ".dsn",
          "r0 action=relayed to=bob@far.example at=" + std::to_string(now) +
              " last=250%20ok host=192.0.2.1\nr1 action=deliv",
          0600);
    Sending send(home, options());
    ASSERT_TRUE(send.next_job(remote));
    send.report(remote, 0, 'K', "ok\n");
    const auto text = report();
    EXPECT_THAT(text, HasSubstr("Final-Recipient: rfc822; bob@far.example\n"));
    EXPECT_THAT(text, Not(HasSubstr("cid@")));
    EXPECT_TRUE(all_is_gone());
}

TEST_F(Reports, OutcomesOfAnotherMessageOfThatNumberDoNotCount)
{
    n = lay_todo(home, zeros("u1|p7|p7 id=abc|Fs@a.example|Tbob@far.example|p7 notify=SUCCESS|"),
                 message, false);
    spill(at("bounce") + ".dsn", "r0 action=relayed to=old@far.example at=1\n", 0600);
    Sending send(home, options());
    ASSERT_TRUE(send.next_job(remote));
    send.report(remote, 0, 'K', "192.0.2.1 accepted message.\ndsn passed on\n");
    EXPECT_TRUE(all_is_gone());
    EXPECT_EQ(send.stop()->code, 0);
    EXPECT_FALSE(was_anything_sent());
}

TEST_F(Reports, AFailureAndASuccessAreTwoReports)
{
    lay("envid=x", "Tbob@far.example|p7 notify=SUCCESS|Tcid@far.example|");
    Sending send(home, options());
    ASSERT_TRUE(send.next_job(remote) && send.next_job(remote));
    send.report(remote, 0, 'K', "192.0.2.1 accepted message.\nRemote host said: 250 ok\n");
    send.report(remote, 1, 'D', "no\n");
    EXPECT_TRUE(all_is_gone());
    const auto first = report("0"), second = report("1");
    EXPECT_THAT(first, HasSubstr("failure notice"));
    EXPECT_THAT(first, HasSubstr("cid@"));
    EXPECT_THAT(first, Not(HasSubstr("bob@")));
    EXPECT_THAT(second, HasSubstr("success notice"));
    EXPECT_THAT(second, Not(HasSubstr("cid@")));
}

TEST_F(Reports, ADelayIsToldOnce)
{
    home.control("delaywarn", "3600");
    lay_old("envid=x|r0:notify=DELAY|", "Tbob@far.example|Tcid@far.example|", 3700);
    {
        Sending send(home, options());
        ASSERT_TRUE(send.next_job(remote) && send.next_job(remote));
        send.report(remote, 0, 'Z', "192.0.2.1 is busy.\nRemote host said: 451 4.7.1 later\n");
        send.report(remote, 1, 'Z', "later\n");
        const auto text = report();
        EXPECT_THAT(text, HasSubstr("subject delay notice\n"));
        EXPECT_THAT(text, HasSubstr("Final-Recipient: rfc822; bob@far.example\nfield 1 Action: "
                                    "delayed\nfield 1 Status: 4.7.1\n"));
        EXPECT_THAT(text, HasSubstr("field 1 Will-Retry-Until: "));
        EXPECT_THAT(text, Not(HasSubstr("cid@"))) << "did not ask";
        EXPECT_TRUE(
            wait_until([&] { return slurp(at("info")).find("delayed=") != std::string::npos; }));
        EXPECT_EQ(send.stop()->code, 0);
    }
    set_age(at("remote"), now);
    Sending send(home, options());
    ASSERT_TRUE(send.next_job(remote) && send.next_job(remote));
    send.report(remote, 0, 'Z', "later\n");
    send.report(remote, 1, 'Z', "later\n");
    send.lines_until("delivery 2");
    EXPECT_EQ(send.stop()->code, 0);
    EXPECT_FALSE(status_if_there(home / "sent.1"));
}

TEST_F(Reports, ItIsTriedWhenTheNoticeOfDelayIsDue)
{
    home.control("delaywarn", "3600");
    lay_old("r0:notify=DELAY|", "Tbob@far.example|", 3400);
    Sending send(home, options());
    ASSERT_TRUE(send.next_job(remote));
    send.report(remote, 0, 'Z', "later\n");
    send.lines_until("delivery 1");
    EXPECT_EQ(send.stop()->code, 0);
    EXPECT_NEAR(static_cast<double>(status_if_there(at("remote"))->st_mtime),
                static_cast<double>(now - 3400 + 3600), 2);
    EXPECT_FALSE(was_anything_sent());
}

TEST_F(Reports, AnEmptySenderIsToldNothingButOfBounces)
{
    n = lay_sorted(home, zeros("F|r0:notify=SUCCESS,DELAY|r1:notify=DELAY|"), "",
                   zeros("Tbob@far.example|Tcid@far.example|"), now - 90000, now, message);
    Sending send(home, options());
    ASSERT_TRUE(send.next_job(remote) && send.next_job(remote));
    send.report(remote, 0, 'K', "192.0.2.1 accepted message.\n");
    send.report(remote, 1, 'Z', "later\n");
    send.lines_until("delivery 2");
    EXPECT_EQ(send.stop()->code, 0);
    EXPECT_FALSE(was_anything_sent());
}

TEST_F(Reports, WhatIsTooLateComesBackWithoutAnAttempt)
{
    lay("deliver-by=" + std::to_string(now - 1) + ";R", "Tbob@far.example|p7 notify=FAILURE|");
    Sending send(home, options());
    const auto text = report();
    EXPECT_THAT(text, HasSubstr("Status: 5.4.7\n"));
    EXPECT_THAT(text, HasSubstr("field 0 Deliver-By-Date: "));
    EXPECT_FALSE(send.next_job(remote, milliseconds(0)));
    EXPECT_TRUE(all_is_gone());
}

TEST_F(Reports, WhatGetsTooLateComesBackAtThatMoment)
{
    lay("deliver-by=" + std::to_string(now + 2) + ";R", "Tbob@far.example|");
    Sending send(home, options());
    ASSERT_TRUE(send.next_job(remote));
    send.report(remote, 0, 'Z', "later\n");
    EXPECT_TRUE(is_there("sent.0"));
    EXPECT_GE(std::time(nullptr), now + 2);
    EXPECT_FALSE(send.next_job(remote, milliseconds(0)));
}

TEST_F(Reports, WhoOnlyWantsToKnowOfLatenessIsToldAndItGoesOn)
{
    lay("deliver-by=" + std::to_string(now + 2) + ";N", "Tbob@far.example|");
    Sending send(home, options());
    for (int i = 0; i < 2; ++i) {
        ASSERT_TRUE(send.next_job(remote));
        send.report(remote, 0, 'Z', "later\n");
    }
    EXPECT_THAT(report(), HasSubstr("Action: delayed\n"));
    EXPECT_EQ(send.stop()->code, 0);
    EXPECT_THAT(slurp(at("remote")), zeros("Tbob@far.example|"));
}

TEST_F(Reports, InternationalAddressesHaveTheirOwnTypes)
{
    n = lay_todo(home,
                 zeros("u1|p7|p7 smtputf8=1 envid=x|Fs\xc3\xa4@a.example|Tb\xc3\xb6"
                       "b@far.example|"),
                 "Subject: gr\xc3\xbc\xc3\x9f\n\nx\n");
    Sending send(home, options());
    ASSERT_TRUE(send.next_job(remote));
    send.report(remote, 0, 'D', "no\n");
    ASSERT_TRUE(is_there("sent.0"));
    const auto bytes = home.read("sent.0");
    EXPECT_THAT(bytes, HasSubstr("report-type=global-delivery-status"));
    EXPECT_THAT(bytes, HasSubstr("Content-Type: message/global-delivery-status\n"));
    EXPECT_THAT(bytes, HasSubstr("Final-Recipient: utf-8; b\xc3\xb6"
                                 "b@far.example\n"));
    EXPECT_THAT(bytes, HasSubstr("Content-Type: message/global\n"));
    EXPECT_TRUE(wait_until(
        [&] { return home.read("envelope.0") == zeros("F|Ts\xc3\xa4@a.example||smtputf8=1|"); }));
}

}
}
