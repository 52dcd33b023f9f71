// Mail from this machine: qmail-inject and sendmail, and qmail-smtpd with the client on descriptors
// 0 and 1.
#include "programs/pipeline.hpp"

using namespace grapnel::test;

namespace {

// A confined program cannot be looked into at its end.
const std::string no_leak_check = "LSAN_OPTIONS=detect_leaks=0";

}

struct Submission : Pipeline {
    Instance mta{home, {.smtpd = false}};

    Finished inject(const std::string& program, std::vector<std::string> arguments,
                    const std::string& message, std::vector<std::string> variables = {})
    {
        arguments.insert(arguments.begin(), home.program(program));
        variables.push_back("USER=ann");
        return run(
            {.argv = arguments, .environment = home.environment(variables), .directory = "/"},
            message);
    }

    std::string delivered()
    {
        return wait_for_maildir(maildir, 1) && !maildir_messages(maildir).empty()
                   ? maildir_messages(maildir)[0]
                   : "nothing: " + mta.log();
    }
};

TEST_F(Submission, InjectCompletesTheHeader)
{
    const auto result = inject("qmail-inject", {}, "To: joe\nSubject: x\n\nbody\n");
    EXPECT_EQ(result.ending.code, 0) << result.errors;
    const auto message = delivered();
    EXPECT_NE(message.find("\nTo: joe@here.example\n"), std::string::npos) << message;
    EXPECT_NE(message.find("\nFrom: ann@here.example\n"), std::string::npos) << message;
    EXPECT_NE(message.find("\nDate: "), std::string::npos);
    EXPECT_NE(message.find("\nMessage-ID: <"), std::string::npos);
    EXPECT_TRUE(message.starts_with(
        "Return-Path: <ann@here.example>\nDelivered-To: joe@here.example\nReceived: (qmail "));
    EXPECT_TRUE(message.ends_with("\nSubject: x\n\nbody\n"));
}

TEST_F(Submission, SendmailTakesRecipientsFromTheHeaderAndHidesBcc)
{
    const auto result = inject(
        "sendmail", {"-t", "-i", "-oem", "-fann@else.example"},
        "From: Ann <ann@else.example>\nTo: nobody-here:;\nBcc: joe@here.example\n\n.\nbody\n");
    EXPECT_EQ(result.ending.code, 0) << result.errors;
    const auto message = delivered();
    EXPECT_EQ(message.find("Bcc"), std::string::npos);
    EXPECT_TRUE(message.starts_with("Return-Path: <ann@else.example>\n")) << message;
    EXPECT_TRUE(message.ends_with("\n.\nbody\n"));
}

TEST_F(Submission, SendmailWithRecipientsAsArguments)
{
    EXPECT_EQ(
        inject("sendmail", {"-oi", "-f", "", "--", "joe"}, "Subject: cron\n\nbody\n").ending.code,
        0);
    EXPECT_TRUE(delivered().starts_with("Return-Path: <>\nDelivered-To: joe@here.example\n"))
        << delivered();
}

TEST_F(Submission, SendmailSpeaksSmtp)
{
    const auto result = inject("sendmail", {"-bs"},
                               "EHLO x.example\r\nMAIL FROM:<a@b.example>\r\nRCPT "
                               "TO:<joe@here.example>\r\nRSET\r\nQUIT\r\n",
                               {no_leak_check});
    EXPECT_EQ(result.ending.code, 0) << result.errors;
    EXPECT_NE(result.output.find("\r\n221 "), std::string::npos) << result.output;
}

TEST_F(Submission, ManySubmittersAtOnce)
{
    std::vector<Process> all;
    for (int i = 0; i < 20; ++i) {
        all.emplace_back(Launch{.argv = {home.program("qmail-inject"), "joe"},
                                .environment = home.environment({"USER=ann"})});
        all.back().write("Subject: " + std::to_string(i) + "\n\nx\n");
        all.back().close_input();
    }
    for (auto& one : all) EXPECT_TRUE(one.wait()->success()) << one.errors();
    EXPECT_TRUE(wait_for_maildir(maildir, 20)) << mta.log();
    EXPECT_TRUE(mta.wait_until_empty());
}

TEST_F(Submission, OneShotSmtpdUnderTcpserversVariables)
{
    Process smtpd(
        {.argv = {home.program("qmail-smtpd")},
         .environment = home.environment({"TCPREMOTEIP=192.0.2.7", "TCPREMOTEHOST=peer.example",
                                          "TCPLOCALHOST=in.example", "PROTO=TCP", no_leak_check})});
    SmtpClient client(smtpd.output_descriptor(), smtpd.input());
    EXPECT_TRUE(client.greeting().starts_with("220 here.example"));
    EXPECT_TRUE(client.deliver("a@b.example", {"x@elsewhere.example"}, "").starts_with("553 "))
        << "relaying";
    EXPECT_TRUE(client.command("RSET").starts_with("250"));
    EXPECT_TRUE(client.deliver("a@b.example", {"joe@here.example"}, a_message())
                    .starts_with("250 2.0.0 ok "));
    EXPECT_TRUE(client.command("QUIT").starts_with("221"));
    EXPECT_TRUE(smtpd.wait()->success());
    const auto trace = trace_of(delivered(), a_message());
    ASSERT_TRUE(trace) << delivered();
    EXPECT_NE(trace->find("from client.example (peer.example [192.0.2.7])"), std::string::npos)
        << *trace;
}
