// TLS of the built qmail-smtpd, in both frames: STARTTLS and from the first octet, names,
// certificates of clients, resumption, renewal, and those who abuse the handshake.
#include "inject/capture.hpp"
#include "support/instance.hpp"
#include "support/ports.hpp"
#include "support/smtp_client.hpp"
#include "support/tcp_server.hpp"
#include "support/tls.hpp"

#include <gtest/gtest.h>

#include <openssl/tls1.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <vector>

#include "base/sys/file.hpp"

using namespace grapnel;
using namespace grapnel::test;

namespace {

enum class Where { starttls, first_octet, one_starttls, one_first_octet };
std::string name_of(Where where)
{
    constexpr std::array names{"Starttls", "FirstOctet", "OneSessionStarttls",
                               "OneSessionFirstOctet"};
    return names[static_cast<std::size_t>(where)];
}

class TlsBase : public ::testing::Test {
protected:
    TlsBase()
    {
        home.control("rcpthosts", "here.example");
        home.control("maxconnrate", "0 0");
        certify("servercert.pem", make_certificate("here.example"));
    }

    void certify(const std::string& file, const Issued& issued)
    {
        home.write("control/next", issued.both(), 0600);
        std::filesystem::rename(home / "control/next", home / ("control/" + file));
    }

    // The server, at both doors.
    void start(std::vector<std::string> variables = {})
    {
        implicit = free_port();
        for (const auto& variable : capture.environment()) variables.push_back(variable);
        instance.emplace(home, InstanceOptions{.send = false,
                                               .environment = variables,
                                               .smtpd_arguments = {"--workers", "2", "--listen",
                                                                   "smtps@127.0.0.1:" +
                                                                       std::to_string(implicit)}});
        plain = instance->port();
    }
    // A process for each client; other: variables of one that has TLS at once.
    void start_one_sessions(std::vector<std::string> variables = {})
    {
        for (const auto& variable : capture.environment()) variables.push_back(variable);
        variables.emplace_back("LSAN_OPTIONS=detect_leaks=0");
        one.emplace(Launch{{home.program("qmail-smtpd")}, home.environment(variables)});
        variables.emplace_back("SMTPS=1");
        one_implicit.emplace(Launch{{home.program("qmail-smtpd")}, home.environment(variables)});
        plain = one->port();
        implicit = one_implicit->port();
    }

    TlsClient starttls(const TlsOptions& options = {}) const
    {
        return TlsClient(after_starttls(plain), options);
    }
    TlsClient at_once(const TlsOptions& options = {}) const
    {
        TlsClient client(connect_to(implicit, patience), options);
        client.reply();
        return client;
    }
    // The name in the certificate of new sessions.
    std::string name_now(const std::string& asked = {}) const
    {
        return starttls({.server_name = asked}).certificate_name();
    }
    static std::string deliver(TlsClient& client)
    {
        std::string last;
        for (const auto* line : {"EHLO client.example", "MAIL FROM:<a@b.example>",
                                 "RCPT TO:<joe@here.example>", "DATA", "Subject: x\r\n\r\ny\r\n."})
            last = client.command(line);
        return last;
    }

    TempHome home;
    Capture capture;
    std::optional<Instance> instance;
    std::optional<TcpServer> one, one_implicit;
    Port plain = 0, implicit = 0;
};

class Tls : public TlsBase, public ::testing::WithParamInterface<Where> {
protected:
    void begin(std::vector<std::string> variables = {})
    {
        if (GetParam() == Where::starttls || GetParam() == Where::first_octet)
            start(std::move(variables));
        else
            start_one_sessions(std::move(variables));
    }
    TlsClient client(const TlsOptions& options = {}) const
    {
        const bool later = GetParam() == Where::starttls || GetParam() == Where::one_starttls;
        return later ? starttls(options) : at_once(options);
    }
};
INSTANTIATE_TEST_SUITE_P(By, Tls,
                         ::testing::Values(Where::starttls, Where::first_octet, Where::one_starttls,
                                           Where::one_first_octet),
                         [](const auto& where) { return name_of(where.param); });

TEST_P(Tls, AMessageSaysHowItCame)
{
    begin();
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        TlsClient sender = client({.version = version});
        ASSERT_TRUE(sender.good()) << sender.trouble();
        EXPECT_TRUE(deliver(sender).starts_with("250 2.0.0 ok"));
        EXPECT_TRUE(sender.command("QUIT").starts_with("221 "));
        EXPECT_TRUE(sender.said_goodbye());
        const auto came = capture.take();
        ASSERT_EQ(came.size(), 1u);
        EXPECT_NE(came[0].message.find("with ESMTPS"), std::string::npos) << came[0].message;
        EXPECT_NE(came[0].message.find(" tls TLS_"), std::string::npos) << came[0].message;
        EXPECT_NE(came[0].message.find(version == TLS1_2_VERSION ? "(TLSv1.2)" : "(TLSv1.3)"),
                  std::string::npos)
            << came[0].message;
        EXPECT_NE(came[0].envelope.find("with=ESMTPS"), std::string::npos);
    }
}

TEST_P(Tls, OlderVersionsAndOtherNonsenseAreNoHandshake)
{
    begin();
    EXPECT_FALSE(client({.version = TLS1_1_VERSION}).good());
    EXPECT_TRUE(client().good());
}

TEST_P(Tls, WithinItThereIsNoStarttls)
{
    begin();
    auto inside = client();
    EXPECT_TRUE(inside.command("MAIL FROM:<a@b.example>").starts_with("503 5.5.1"));
    const auto offer = inside.command("EHLO client.example");
    EXPECT_EQ(offer.find("STARTTLS"), std::string::npos) << offer;
    EXPECT_TRUE(inside.command("STARTTLS").starts_with("503 5.5.1"));
    EXPECT_TRUE(inside.command("MAIL FROM:<a@b.example>").starts_with("250 "));
}

TEST_P(Tls, NamesChooseTheCertificate)
{
    std::filesystem::create_directories(home / "control/servercerts/mail.other.example");
    std::filesystem::create_directories(home / "control/servercerts/*.wild.example");
    certify("servercerts/mail.other.example/servercert.pem", make_certificate("other"));
    const auto wild = make_certificate("wild", {}, nullptr, true);
    home.write("control/servercerts/*.wild.example/privkey.pem", wild.key, 0600);
    home.write("control/servercerts/*.wild.example/fullchain.pem", wild.certificate);
    begin();
    EXPECT_EQ(client({.server_name = "MAIL.other.example"}).certificate_name(), "other");
    EXPECT_EQ(client({.server_name = "a.wild.example"}).certificate_name(), "wild");
    EXPECT_EQ(client({.server_name = "a.b.wild.example"}).certificate_name(), "here.example");
    EXPECT_EQ(client({.server_name = "unknown.example"}).certificate_name(), "here.example");
    EXPECT_EQ(client().certificate_name(), "here.example");
}

TEST_P(Tls, ACertificateOfTheClientLetsHimRelay)
{
    const auto authority = make_certificate("authority");
    const auto joe =
        make_certificate("joe", "email:Joe@far.example,DNS:host.far.example", &authority);
    const auto ann = make_certificate("ann", "email:ann@far.example", &authority);
    const auto stranger = make_certificate("joe", "email:joe@far.example");
    const auto known = make_certificate("known");
    home.control("clientca.pem", authority.certificate);
    home.control("tlsclients", "joe@far.example\nsha256:" + fingerprint_of(known));
    begin();
    const auto may_relay = [&](std::optional<Issued> certificate) {
        auto inside = client({.certificate = std::move(certificate)});
        EXPECT_TRUE(inside.good());
        inside.command("EHLO client.example");
        inside.command("MAIL FROM:<a@b.example>");
        return inside.command("RCPT TO:<x@elsewhere.example>").starts_with("250 ");
    };
    EXPECT_TRUE(may_relay(joe));
    EXPECT_TRUE(may_relay(known));
    EXPECT_FALSE(may_relay(ann));
    EXPECT_FALSE(may_relay(stranger));
    EXPECT_FALSE(may_relay(std::nullopt));
}

// RFC 3207 6; CVE-2011-0411: what a third party put behind STARTTLS is neither run nor answered.
TEST_F(TlsBase, WhatStandsBehindStarttlsEndsTheSession)
{
    for (const bool server : {true, false}) {
        server ? start() : start_one_sessions();
        SmtpClient client(plain);
        client.command("EHLO client.example");
        client.send("STARTTLS\r\nEHLO injected\r\nMAIL FROM:<a@b.example>\r\n");
        EXPECT_TRUE(client.reply().starts_with("503 5.5.1"));
        EXPECT_EQ(client.reply(), "");
        EXPECT_TRUE(client.closed());
    }
}

TEST_F(TlsBase, StarttlsHasItsPlace)
{
    start();
    SmtpClient client(plain);
    EXPECT_TRUE(client.command("STARTTLS").starts_with("503 5.5.1"));
    EXPECT_NE(client.command("EHLO client.example").find("STARTTLS"), std::string::npos);
    EXPECT_TRUE(client.command("STARTTLS now").starts_with("501 5.5.4"));
    client.command("MAIL FROM:<a@b.example>");
    EXPECT_TRUE(client.command("STARTTLS").starts_with("503 5.5.1"));
}

TEST_F(TlsBase, WithoutACertificateItIsNotOffered)
{
    home.no_control("servercert.pem");
    start();
    {
        SmtpClient client(plain);
        EXPECT_EQ(client.command("EHLO client.example").find("STARTTLS"), std::string::npos);
        EXPECT_TRUE(client.command("STARTTLS").starts_with("454 4.7.0"));
    }
    EXPECT_FALSE(TlsClient(connect_to(implicit)).good());
    certify("servercert.pem", make_certificate("late"));
    EXPECT_TRUE(wait_until([&] {
        SmtpClient client(plain);
        return client.command("EHLO x").find("STARTTLS") != std::string::npos;
    }));
    home.write("control/servercert.pem", make_certificate("open").both(), 0644);
    std::filesystem::permissions(home / "control/servercert.pem", std::filesystem::perms(0644));
    EXPECT_TRUE(wait_until([&] {
        return instance->smtpd_log().find("everybody may use the key") != std::string::npos;
    }));
    EXPECT_EQ(name_now(), "late");
}

TEST_F(TlsBase, SwitchesForOneClient)
{
    home.control("smtprules", "127.0.0.1:allow,FORCETLS=\"1\"");
    start();
    {
        SmtpClient client(plain);
        client.command("EHLO client.example");
        EXPECT_TRUE(client.command("MAIL FROM:<a@b.example>").starts_with("530 5.7.0"));
        EXPECT_TRUE(client.command("NOOP").starts_with("250 "));
        auto inside = starttls();
        EXPECT_TRUE(deliver(inside).starts_with("250 "));
    }
    home.control("smtprules", "127.0.0.1:allow,DISABLETLS=\"1\"");
    EXPECT_TRUE(wait_until([&] {
        SmtpClient client(plain);
        return client.command("EHLO x").find("STARTTLS") == std::string::npos &&
               client.command("STARTTLS").starts_with("502 ");
    }));
    home.control("smtprules", ":allow");
    home.control("smtpext", "-STARTTLS");
    EXPECT_TRUE(wait_until([&] {
        SmtpClient client(plain);
        return client.command("EHLO x").find("STARTTLS") == std::string::npos;
    }));
}

// Two workers: either reads the other's tickets.
TEST_F(TlsBase, SessionsAreResumedWithAnyWorker)
{
    start();
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        auto first = at_once({.version = version});
        ASSERT_TRUE(first.good());
        EXPECT_FALSE(first.resumed());
        const auto session = first.session();
        int resumed = 0;
        for (int i = 0; i < 8; ++i)
            if (at_once({.version = version, .session = session}).resumed()) ++resumed;
        EXPECT_EQ(resumed, 8);
    }
}

TEST_F(TlsBase, NewCertificatesDisturbNobody)
{
    start();
    auto before = starttls();
    before.command("EHLO client.example");
    certify("servercert.pem", make_certificate("renewed"));
    EXPECT_TRUE(wait_until([&] { return name_now() == "renewed"; }));
    EXPECT_TRUE(deliver(before).starts_with("250 2.0.0"));
    // Half of a change, and nonsense: what was there stays in force.
    home.write("control/servercert.pem",
               make_certificate("x").key + make_certificate("y").certificate, 0600);
    EXPECT_TRUE(wait_until([&] {
        return instance->smtpd_log().find("belongs to no certificate") != std::string::npos;
    }));
    EXPECT_EQ(name_now(), "renewed");
    std::filesystem::create_directories(home / "control/servercerts/new.example");
    certify("servercerts/new.example/servercert.pem", make_certificate("new"));
    certify("servercert.pem", make_certificate("again"));
    EXPECT_TRUE(wait_until([&] { return name_now("new.example") == "new"; }));
    EXPECT_EQ(name_now(), "again");
    EXPECT_TRUE(instance->stop_smtpd());
}

// Who does not finish a handshake has his deadline, and whatever he sends he hears nothing in the
// clear.
TEST_F(TlsBase, BadHandshakesEndInSilenceAndHoldUpNobody)
{
    home.control("timeoutsmtpd", "2");
    start();
    const std::string half_hello("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11);
    std::string huge = half_hello;
    huge[3] = huge[4] = '\xff';
    const std::vector<std::string> inputs{"",
                                          half_hello,
                                          huge + std::string(70000, 'x'),
                                          "EHLO client.example\r\nQUIT\r\n",
                                          std::string(100000, '\0'),
                                          "\x15\x03\x01\x00\x02\x02\x28"};
    std::vector<Fd> sockets;
    for (const auto& input : inputs)
        for (const bool later : {true, false}) {
            sockets.push_back(later ? after_starttls(plain) : connect_to(implicit, patience));
            (void)::send(sockets.back().get(), input.data(), input.size(), MSG_NOSIGNAL);
        }
    auto good = starttls();
    EXPECT_TRUE(deliver(good).starts_with("250 "));
    for (const auto& socket : sockets) {
        std::string heard;
        for (std::string line = read_line(socket.get()); !line.empty();
             line = read_line(socket.get()))
            heard += line;
        EXPECT_EQ(heard.find("4.4.2"), std::string::npos);
        EXPECT_EQ(heard.find("\r\n"), std::string::npos);
    }
}

// A goodbye, or a connection that is cut, in the middle of a message: there is no message.
TEST_F(TlsBase, WhatIsCutShortIsNoMessage)
{
    start();
    {
        auto sender = starttls();
        for (const auto* line : {"EHLO client.example", "MAIL FROM:<a@b.example>",
                                 "RCPT TO:<joe@here.example>", "DATA"})
            sender.command(line);
        sender.send("Subject: x\r\n\r\nhalf a message\r\n");
        const std::string_view injected = "\r\n.\r\nQUIT\r\n";   // in the clear
        (void)::send(sender.descriptor(), injected.data(), injected.size(), MSG_NOSIGNAL);
        EXPECT_EQ(sender.reply(), "");
    }
    auto other = starttls();
    EXPECT_TRUE(deliver(other).starts_with("250 "));
    auto came = capture.take();
    std::erase_if(came, [](const auto& message) { return message.envelope.empty(); });
    EXPECT_EQ(came.size(), 1u);
}

TEST_F(TlsBase, ManyIdleClientsCostLittleMemory)
{
    home.control("concurrencyincoming", "3000");
    home.control("maxconnip", "0");
    start();
#ifdef __SANITIZE_ADDRESS__
    constexpr int many = 50;
#else
    constexpr int many = 300;
#endif
    const auto resident = [&] {
        std::size_t sum = 0;
        const auto root = "/proc/" + std::to_string(instance->smtpd().pid());
        const auto workers = read_file(
            root + "/task/" + std::to_string(instance->smtpd().pid()) + "/children", 4096);
        std::istringstream list(workers);
        for (pid_t one_worker = 0; list >> one_worker;) {
            std::ifstream status("/proc/" + std::to_string(one_worker) + "/status");
            for (std::string line; std::getline(status, line);)
                if (line.starts_with("VmRSS:")) sum += std::stoul(line.substr(6));
        }
        return sum;
    };
    std::vector<TlsClient> clients;
    for (int i = 0; i < 20; ++i) clients.push_back(at_once());
    const auto before = resident();
    for (int i = 0; i < many; ++i) {
        clients.push_back(at_once());
        EXPECT_TRUE(clients.back().command("EHLO client.example").starts_with("250"));
    }
    const auto each = (resident() - before) / many;
    RecordProperty("KiB_a_connection", std::to_string(each));
#ifndef __SANITIZE_ADDRESS__
    EXPECT_LT(each, 40u);
#endif
    EXPECT_TRUE(clients.front().command("NOOP").starts_with("250 "));
}

}
