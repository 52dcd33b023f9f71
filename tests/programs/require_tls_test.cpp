// REQUIRETLS (RFC 8689), from a client over STARTTLS to a second system or back to the sender.
#include "programs/pipeline.hpp"
#include "support/tls.hpp"

#include <gmock/gmock.h>

#include <filesystem>

namespace grapnel::test {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

struct RequireTls : Pipeline {
    Issued authority = make_certificate("authority.example");
    Issued good = make_certificate("127.0.0.1", "IP:127.0.0.1", &authority);
    Issued other = make_certificate("other.example", "DNS:other.example", &authority);

    static void show(const TempHome& at, const Issued& certificate)
    {
        at.write("control/servercert.pem", certificate.both(), 0600);
    }
    RequireTls()
    {
        show(home, good);
        home.control("serverca.pem", authority.certificate);
        home.control("timeoutconnect", "5");
    }

    // The reply to the message, given within TLS.
    static std::string send(Port port, const std::string& to, const std::string& text = a_message(),
                            const std::string& from = "joe@here.example",
                            const std::string& mail = " REQUIRETLS")
    {
        TlsClient client(after_starttls(port));
        EXPECT_TRUE(client.good()) << client.trouble();
        EXPECT_THAT(client.command("EHLO client.example"), HasSubstr("250-REQUIRETLS"));
        EXPECT_THAT(client.command("MAIL FROM:<" + from + '>' + mail), HasSubstr("250"));
        EXPECT_THAT(client.command("RCPT TO:<" + to + '>'), HasSubstr("250"));
        EXPECT_THAT(client.command("DATA"), HasSubstr("354"));
        client.send(as_data(text));
        return client.reply();
    }
    // Of what came back to joe.
    std::string notice(const Instance& mta) const
    {
        if (!wait_for_maildir(maildir, 1)) return "none; " + mta.log();
        return maildir_messages(maildir)[0];
    }
    ScriptBehaviour host(const Issued& certificate, std::vector<std::string> extensions)
    {
        extensions.emplace_back("STARTTLS");
        return {.extensions = std::move(extensions), .tls = tls_side(certificate)};
    }
};

TEST_F(RequireTls, IsOfferedWithinTlsAndTravelsFromSystemToSystem)
{
    TempHome far;
    far.control("me", "far.example");
    far.control("locals", "far.example");
    far.control("rcpthosts", "far.example");
    show(far, good);
    const auto there = far.user("ann") + "/Maildir";
    Instance next(far);
    next_hop("127.0.0.1:" + std::to_string(next.port()));
    Instance mta(home);
    EXPECT_THAT(SmtpClient(mta.port()).command("EHLO x"), Not(HasSubstr("REQUIRETLS")));
    EXPECT_THAT(send(mta.port(), "ann@far.example"), HasSubstr("250 2.0.0"));
    ASSERT_TRUE(wait_for_maildir(there, 1)) << mta.log() << next.smtpd_log();
    EXPECT_THAT(maildir_messages(there)[0], HasSubstr("\nSubject: hello\n"));
    EXPECT_TRUE(mta.wait_until_empty());
}

TEST_F(RequireTls, IsSaidToAHostThatPromisesItAndIsWhoHeSays)
{
    const SmtpScript far(host(good, {"REQUIRETLS", "PIPELINING"}));
    next_hop(far.route());
    Instance mta(home);
    send(mta.port(), "bob@far.example");
    ASSERT_TRUE(far.wait_for_messages(1)) << mta.log();
    EXPECT_TRUE(far.sessions()[0].encrypted);
    EXPECT_THAT(far.sessions()[0].commands, Contains("MAIL FROM:<joe@here.example> REQUIRETLS"));
    EXPECT_TRUE(mta.wait_until_empty());
}

TEST_F(RequireTls, ComesBackByItsHeaderWhereItCannotBeHad)
{
    struct Case {
        ScriptBehaviour far;
        std::string status;
    };
    const Case cases[] = {
        {host(good, {"PIPELINING"}), "(#5.7.30)"},
        {host(other, {"REQUIRETLS"}), "(#5.7.10)"},
        {{.extensions = {"REQUIRETLS"}}, "(#5.7.10)"},
        {{.extensions = {"STARTTLS", "REQUIRETLS"},
          .rules = {{"STARTTLS", "554 5.7.0 not for you"}}},
         "refused TLS."},
    };
    for (const std::string form : {"qsbmf", "dsn"}) {
        home.control("bounceformat", form);
        for (const auto& [behaviour, status] : cases) {
            const SmtpScript far(behaviour);
            next_hop(far.route());
            std::filesystem::remove_all(maildir + "/new");
            std::filesystem::create_directory(maildir + "/new");
            Instance mta(home);
            send(mta.port(), "bob@far.example", a_message(), "joe@here.example",
                 " REQUIRETLS RET=FULL");
            EXPECT_THAT(notice(mta), AllOf(HasSubstr(status), HasSubstr("\nSubject: hello\n"),
                                           Not(HasSubstr("Dear Joe"))));
            EXPECT_TRUE(mta.wait_until_empty());
            for (const auto& session : far.sessions())
                for (const auto& line : session.commands) EXPECT_THAT(line, Not(HasSubstr("MAIL")));
        }
    }
}

TEST_F(RequireTls, WaitsWhereItsHostIsOutOfReach)
{
    next_hop("127.0.0.1:" + std::to_string(free_port()));
    Instance mta(home);
    send(mta.port(), "bob@far.example");
    EXPECT_TRUE(mta.wait_for_log("deferral: ")) << mta.log();
    EXPECT_EQ(maildir_count(maildir), 0u);
}

TEST_F(RequireTls, WaitsWhereItsHostHangsUpInTheHandshake)
{
    const SmtpScript far({.extensions = {"STARTTLS"}});   // says 220, and hangs up
    next_hop(far.route());
    Instance mta(home);
    send(mta.port(), "bob@far.example");
    EXPECT_TRUE(mta.wait_for_log("deferral: ")) << mta.log();
    EXPECT_EQ(maildir_count(maildir), 0u);
}

// RFC 8689 5: asked for where it can be had, and never a reason to lose the notice.
TEST_F(RequireTls, OfANoticeIsAWish)
{
    for (const bool offered : {true, false}) {
        const SmtpScript far(offered ? host(other, {"REQUIRETLS"}) : ScriptBehaviour{});
        next_hop(far.route());
        Instance mta(home);
        send(mta.port(), "nobody@here.example", a_message(), "ann@far.example");
        ASSERT_TRUE(far.wait_for_messages(1)) << mta.log();
        EXPECT_THAT(far.sessions()[0].commands,
                    Contains(offered ? "MAIL FROM:<> REQUIRETLS" : "MAIL FROM:<>"));
        EXPECT_THAT(far.messages()[0], Not(HasSubstr("Dear Joe")));
        EXPECT_TRUE(mta.wait_until_empty());
    }
}

TEST_F(RequireTls, StaysWithWhatIsForwarded)
{
    const SmtpScript far(host(good, {"REQUIRETLS"}));
    next_hop(far.route());
    dot_qmail("&bob@far.example\n");
    dot_qmail("| forward bob@far.example\n", "piped");
    Instance mta(home);
    send(mta.port(), "joe@here.example");
    send(mta.port(), "joe-piped@here.example");
    ASSERT_TRUE(far.wait_for_messages(2)) << mta.log();
    for (const auto& session : far.sessions())
        EXPECT_THAT(session.commands, Contains("MAIL FROM:<joe@here.example> REQUIRETLS"));
    EXPECT_TRUE(mta.wait_until_empty());
}

// RFC 8689 4.2.2: the field asks that nothing be demanded for the recipient's sake, and nothing is.
TEST_F(RequireTls, AMessageThatSaysNoGoesHoweverItCan)
{
    const SmtpScript far({.extensions = {"STARTTLS"}});   // says 220, and hangs up
    next_hop(far.route());
    Instance mta(home);
    send(mta.port(), "bob@far.example", "TLS-Required: No\n" + a_message(), "joe@here.example", "");
    ASSERT_TRUE(far.wait_for_messages(1)) << mta.log();
    EXPECT_TRUE(mta.wait_until_empty());
}

}
}
