// BODY=BINARYMIME (RFC 3030): octets that are no lines, from a client through two systems to a
// Maildir, and what becomes of them where they cannot go.
#include "programs/pipeline.hpp"
#include "support/http_scanner.hpp"

#include "base/base64.hpp"
#include "base/sys/file.hpp"

#include <gmock/gmock.h>

namespace grapnel::test {
namespace {

using testing::HasSubstr;
using testing::Not;

// Every octet, every pair that line ends are made of, and what would end a message by DATA.
std::string every_octet()
{
    std::string octets;
    for (int octet = 0; octet < 256; ++octet) octets += static_cast<char>(octet);
    octets += "\r\n.\r\nMAIL FROM:<x@y.example>\r\n\n.\n\r.\r\n\n\r\r\r\n\nFrom x\n>From y\r";
    return octets;
}

struct BinaryMail : Pipeline {
    const std::string octets = every_octet();
    const std::string header = "From: a@client.example\nTo: joe@here.example\nSubject: octets\n"
                               "MIME-Version: 1.0\nContent-Type: application/octet-stream\n"
                               "Content-Transfer-Encoding: binary\n\n";

    BinaryMail() { home.control("smtpext", "+BINARYMIME"); }

    // In chunks of such a size; the reply to the last one.
    std::string send(Port port, const std::string& to, std::size_t chunk) const
    {
        SmtpClient client(port);
        EXPECT_THAT(client.command("EHLO client.example"), HasSubstr("250-BINARYMIME"));
        client.command("MAIL FROM:<joe@here.example> BODY=BINARYMIME");
        client.command("RCPT TO:<" + to + ">");
        std::string wire;
        for (const char c : header) wire += c == '\n' ? "\r\n" : std::string(1, c);
        wire += octets;
        std::string reply;
        for (std::size_t at = 0; at < wire.size(); at += chunk) {
            const auto piece = wire.substr(at, chunk);
            const bool last = at + chunk >= wire.size();
            client.send("BDAT " + std::to_string(piece.size()) + (last ? " LAST" : "") + "\r\n" +
                        piece);
            reply = client.reply();
        }
        return reply;
    }
};

TEST_F(BinaryMail, ArrivesOctetForOctetThroughTwoSystems)
{
    TempHome far;
    far.control("me", "far.example");
    far.control("locals", "far.example");
    far.control("rcpthosts", "far.example");
    far.control("smtpext", "+BINARYMIME");
    const auto there = far.user("ann") + "/Maildir";
    Instance next(far);
    next_hop("127.0.0.1:" + std::to_string(next.port()));
    Instance mta(home);
    EXPECT_THAT(send(mta.port(), "ann@far.example", 1000), HasSubstr("250 2.6.0"));
    EXPECT_THAT(send(mta.port(), "ann@far.example", 1), HasSubstr("250 2.6.0"));
    ASSERT_TRUE(wait_for_maildir(there, 2)) << mta.log() << next.log();
    for (const auto& delivered : maildir_messages(there)) {
        EXPECT_TRUE(delivered.ends_with("\nFrom: a@client.example\n" +
                                        header.substr(header.find("To:")) + octets));
        EXPECT_EQ(delivered.substr(0, delivered.find("\n\n")).find('\r'), std::string::npos);
    }
    EXPECT_TRUE(mta.wait_until_empty());
    EXPECT_TRUE(next.wait_until_empty());
}

TEST_F(BinaryMail, IsForwardedAsItIs)
{
    const auto there = home.user("ann") + "/Maildir";
    dot_qmail("&ann@here.example\n| cat > whole\n");
    Instance mta(home);
    send(mta.port(), "joe@here.example", 100);
    ASSERT_TRUE(wait_for_maildir(there, 1)) << mta.log();
    EXPECT_TRUE(maildir_messages(there)[0].ends_with(header + octets));
    EXPECT_TRUE(wait_for_file(joe + "/whole").ends_with(header + octets));
    EXPECT_TRUE(mta.wait_until_empty());
}

TEST_F(BinaryMail, ComesBackByItsHeaderWhereTheNextHostTakesLinesOnly)
{
    const SmtpScript far({.extensions = {"PIPELINING", "8BITMIME", "CHUNKING"}});
    next_hop(far.route());
    for (const std::string form : {"qsbmf", "dsn"}) {
        home.control("bounceformat", form);
        const auto before = maildir_count(maildir);
        Instance mta(home);
        send(mta.port(), "bob@far.example", 100);
        ASSERT_TRUE(wait_for_maildir(maildir, before + 1)) << mta.log();
        const auto notices = maildir_messages(maildir);
        const auto& notice = notices.back();
        EXPECT_THAT(notice, HasSubstr("the message is binary, which it does not take. (#5.6.3)"));
        EXPECT_THAT(notice, HasSubstr("\nSubject: octets\n"));
        EXPECT_EQ(notice.find('\r'), std::string::npos);
        EXPECT_EQ(notice.find('\0'), std::string::npos);
        EXPECT_TRUE(mta.wait_until_empty());
    }
    for (const auto& session : far.sessions())
        for (const auto& line : session.commands) EXPECT_THAT(line, Not(HasSubstr("MAIL")));
}

TEST_F(BinaryMail, IsShownToAScannerOctetForOctetAndKeptWhereHeAddsAField)
{
    HttpScanner scanner;
    make_directory(home / "control/hooks", 0755);
    make_directory(home / "control/hooks/10-test", 0755);
    home.control("hooks/10-test/url", scanner.url());
    home.control("hooks/10-test/insecure-loopback", "1");
    home.control("hooks/10-test/stages", "data");
    home.write("control/hooks/10-test/token", "secret\n", 0600);
    scanner.tell(R"({"next": {"hook": [{"json": {"add": [{"path": "/message/headers", "index": 0,
                     "value": {"name": "X-Seen", "value": "yes"}}]}}]}})");
    Instance mta(home);
    EXPECT_THAT(send(mta.port(), "joe@here.example", 64), HasSubstr("250 2.6.0"));
    ASSERT_TRUE(wait_for_maildir(maildir, 1)) << mta.log() << mta.smtpd_log();
    const auto delivered = maildir_messages(maildir)[0];
    EXPECT_THAT(delivered, HasSubstr("\nX-Seen: yes\n"));
    EXPECT_TRUE(delivered.ends_with("binary\n\n" + octets));
    std::string seen;
    for (const auto& request : scanner.requests())
        if (request.find(R"("stage": "data")") != std::string::npos) seen = request;
    EXPECT_THAT(seen, HasSubstr(R"("size": )" + std::to_string(octets.size())));
}

}
}
