// People's own programs that speak SMTP, at the doors for submission: TLS and AUTH, and what else
// they can ask for.
#include "inject/capture.hpp"
#include "peers/peer.hpp"
#include "support/instance.hpp"
#include "support/ports.hpp"
#include "support/tls.hpp"

#include <gtest/gtest.h>

using namespace grapnel::test;

struct SmtpClients : ::testing::Test {
    SmtpClients()
    {
        home.control("rcpthosts", "here.example");
        home.control("smtpext.submission", "+DSN\n+SMTPUTF8");
        home.write("control/servercert.pem", make_certificate("here.example").both(), 0600);
        home.write("message", "From: joe@here.example\nSubject: hello\n\nHigh at noon.\n");
        EXPECT_EQ(run({{home.program("qmail-saslpasswd"), "-i", "4096", "joe"}, home.environment()},
                      "secret\n"),
                  0);
    }

    void start()
    {
        const auto port = [](int number) { return "@127.0.0.1:" + std::to_string(number); };
        instance.emplace(
            home, InstanceOptions{.send = false,
                                  .environment = capture.environment(),
                                  .smtpd_arguments = {"--workers", "1", "--listen",
                                                      "submission" + port(starttls), "--listen",
                                                      "submissions" + port(at_once)}});
    }

    // Variables: $port, $tls_port; files lie where it runs.
    void shell(const std::string& command, const std::string& input = "") const
    {
        const auto done =
            run({.argv = {"sh", "-c", command},
                 .environment = {"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=" + home.path(),
                                 "LC_ALL=C.UTF-8", "port=" + std::to_string(starttls),
                                 "tls_port=" + std::to_string(at_once)},
                 .directory = home.path()},
                input);
        EXPECT_EQ(done.ending.code, 0) << done.output << done.errors;
    }

    // Of the one message that has come: how, from joe, and these records.
    void expect_message(const std::string& protocol, const std::vector<std::string>& records = {})
    {
        const auto got = capture.take();
        ASSERT_EQ(got.size(), 1u);
        EXPECT_NE(got[0].message.find(" with " + protocol + '\n'), std::string::npos)
            << got[0].message;
        EXPECT_NE(got[0].message.find("High at noon."), std::string::npos) << got[0].message;
        EXPECT_NE(got[0].message.find("\nMessage-I"), std::string::npos) << got[0].message;
        auto wanted = records;
        wanted.emplace_back("user=joe");
        for (const auto& record : wanted)
            EXPECT_NE(got[0].envelope.find('\0' + record + '\0'), std::string::npos)
                << record << " not in " << got[0].envelope;
    }

    TempHome home;
    Capture capture;
    Port starttls = free_port(), at_once = free_port();
    std::optional<Instance> instance;
};

TEST_F(SmtpClients, Swaks)
{
    const auto swaks = peer("swaks");
    SKIP_WITHOUT(swaks);
    start();
    const auto common = swaks + " --server 127.0.0.1 --from joe@here.example --to ann@far.example "
                                "--auth-user joe --auth-password secret --body 'High at noon.' ";
    shell(common + "--port $port --tls --auth LOGIN");
    expect_message("ESMTPSA");
    shell(common + "--port $tls_port --tlsc --auth PLAIN");
    expect_message("ESMTPSA");
    shell("! " + common + "--port $port --tls --auth PLAIN --auth-password wrong");
    shell("! " + common + "--port $port --auth PLAIN");   // in the clear there is none
    EXPECT_TRUE(capture.take().empty());
}

TEST_F(SmtpClients, Curl)
{
    const auto curl = peer("curl");
    SKIP_WITHOUT(curl);
    start();
    const auto common = curl + " -sS --insecure --user joe:secret --mail-from joe@here.example "
                               "--crlf -T message ";
    shell(common + "--ssl-reqd --mail-rcpt ann@far.example smtp://127.0.0.1:$port/c.example");
    expect_message("ESMTPSA");
    shell(common + "--mail-rcpt j\xc3\xb6@far.example smtps://127.0.0.1:$tls_port/c.example");
    expect_message("UTF8SMTPSA", {"smtputf8=1"});
}

TEST_F(SmtpClients, MsmtpWithScramAndReports)
{
    const auto msmtp = peer("msmtp");
    SKIP_WITHOUT(msmtp);
    start();
    const auto common = msmtp + " --file=/dev/null --host=127.0.0.1 --tls=on --tls-certcheck=off "
                                "--user=joe '--passwordeval=echo secret' --from=joe@here.example "
                                "--dsn-notify=success,failure --dsn-return=headers ";
    for (const std::string mechanism : {"scram-sha-256", "scram-sha-256-plus", "plain"}) {
        if (!(run({.argv = {"sh", "-c", msmtp + " --version | grep -qiw -- " + mechanism}}) == 0))
            continue;
        const auto auth = common + "--auth=" + mechanism;
        shell(auth + " --port=$port --tls-starttls=on ann@far.example < message");
        expect_message("ESMTPSA", {"ret=HDRS", "0:notify=SUCCESS,FAILURE"});
        shell(auth + " --port=$tls_port --tls-starttls=off ann@far.example < message");
        expect_message("ESMTPSA", {"ret=HDRS", "0:notify=SUCCESS,FAILURE"});
    }
}

TEST_F(SmtpClients, Smtplib)
{
    start();
    shell("exec python3 -", R"(
import os, smtplib, ssl
from email.message import EmailMessage
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
message = EmailMessage()
message["From"], message["To"] = "joe@here.example", "jö@far.example"
message["Subject"] = "tide"
message.set_content("High at noon. ö")
with smtplib.SMTP("127.0.0.1", int(os.environ["port"])) as client:
    client.starttls(context=context)
    client.login("joe", "secret")
    client.send_message(message, mail_options=["RET=FULL", "ENVID=x1"], rcpt_options=["NOTIFY=NEVER"])
)");
    expect_message("UTF8SMTPSA",
                   {"smtputf8=1", "body=8BITMIME", "ret=FULL", "envid=x1", "0:notify=NEVER"});
}

TEST_F(SmtpClients, OpensslBothWays)
{
    home.control("earlytalk", "ignore");   // it waits for no greeting
    start();
    const std::string session =
        "EHLO c.example\nAUTH PLAIN AGpvZQBzZWNyZXQ=\nMAIL FROM:<joe@here.example>\n"
        "RCPT TO:<ann@far.example>\nBDAT 19\nSubject: x\n\nHi.\nBDAT 15 LAST\nHigh at "
        "noon.\nQUIT\n";
    shell("openssl s_client -quiet -crlf -connect 127.0.0.1:$tls_port > said 2>&1; "
          "grep -q '^250 2.6.0 ok' said || { cat said; exit 1; }",
          session);
    expect_message("ESMTPSA");
    shell("openssl s_client -quiet -crlf -starttls smtp -connect 127.0.0.1:$port > said 2>&1; "
          "grep -q '^250 2.6.0 ok' said || { cat said; exit 1; }",
          session);
    expect_message("ESMTPSA");
}
