// TLS and AUTH in the dialogue: which reply leads to what, and what is never said.
#include "remote/smtp_dialogue.hpp"

#include "base/base64.hpp"
#include "base/net/digest.hpp"
#include "base/text.hpp"

#include <gmock/gmock.h>

using namespace grapnel;
using namespace grapnel::remote;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using std::string_literals::operator""s;

namespace {

std::shared_ptr<const Login> joe()
{
    auto login = std::make_shared<Login>();
    login->user = "joe";
    login->password = net::Secret("secret");
    return login;
}

Errand errand(TlsLevel tls, bool with_login = false)
{
    Errand result;
    result.peer = "192.0.2.1";
    result.host = "relay.example";
    result.helo_name = "a.example";
    result.sender = "s@a.example";
    result.recipients = {"r@b.example"};
    result.tls = tls;
    if (with_login) result.login = joe();
    return result;
}

const std::string offers_tls = "250-b\n250 STARTTLS";

// Replies in turn: "tls" is a handshake that works, "no tls" one that does not.
struct Played {
    SmtpDialogue dialogue;
    std::vector<std::string> written;

    Played(Errand what, const std::vector<std::string>& replies) : dialogue(std::move(what))
    {
        for (const auto& reply : replies) {
            write();
            if (dialogue.over()) break;
            EXPECT_EQ(dialogue.wants_tls(), reply.ends_with("tls")) << reply;
            if (reply == "tls")
                dialogue.tls_begins("TLSv1.3 with X");
            else if (reply == "no tls")
                dialogue.tls_fails("of a certificate");
            else
                hear(reply);
        }
        write();
    }

    void hear(const std::string& text)
    {
        Reply reply;
        reply.code = std::stoi(text.substr(0, 3));
        for (const auto line : split(text, '\n')) reply.lines.emplace_back(line.substr(4));
        dialogue.take(reply, text + '\n');
    }

    void write()
    {
        if (dialogue.wants_text()) dialogue.text_ends();
        if (auto output = dialogue.take_output(); !output.empty())
            written.push_back(std::move(output));
    }

    Outcome outcome() const { return dialogue.verdict().message; }
};

std::string auth_command(const std::string& name, const std::string& first)
{
    return "AUTH " + name + ' ' + to_base64(first) + "\r\n";
}

}

TEST(Tls, WhatWasOfferedInTheClearIsForgotten)
{
    const Played played(errand(TlsLevel::may),
                        {"220 b", "250-b\n250-STARTTLS\n250-PIPELINING\n250 SIZE 10", "220 go",
                         "tls", "250 b", "250 ok", "250 ok", "354 go", "250 kept"});
    EXPECT_THAT(played.written, ElementsAre("EHLO a.example\r\n", "STARTTLS\r\n",
                                            "EHLO a.example\r\n", "MAIL FROM:<s@a.example>\r\n",
                                            "RCPT TO:<r@b.example>\r\n", "DATA\r\n"));
    EXPECT_EQ(
        played.outcome().text,
        "192.0.2.1 accepted message.\nIt went by TLSv1.3 with X.\nRemote host said: 250 kept\n");
    EXPECT_EQ(played.dialogue.session().tls, "TLSv1.3 with X");
}

TEST(Tls, IsNotAskedForWhereItIsNotOfferedOrNotWanted)
{
    const Played without(errand(TlsLevel::may), {"220 b", "250 b"});
    EXPECT_EQ(without.written.back(), "MAIL FROM:<s@a.example>\r\n");
    const Played unwanted(errand(TlsLevel::none), {"220 b", offers_tls});
    EXPECT_EQ(unwanted.written.back(), "MAIL FROM:<s@a.example>\r\n");
}

TEST(Tls, AMayGoesOnInTheClear)
{
    const Played refused(errand(TlsLevel::may), {"220 b", offers_tls, "454 4.7.0 not now"});
    EXPECT_EQ(refused.written.back(), "MAIL FROM:<s@a.example>\r\n");
    const Played failed(errand(TlsLevel::may), {"220 b", offers_tls, "220 go", "no tls"});
    EXPECT_TRUE(failed.dialogue.may_do_without_tls());
    EXPECT_FALSE(failed.dialogue.may_say_quit());
    EXPECT_TRUE(failed.dialogue.verdict().next_host);
}

TEST(Tls, AMustDoesNot)
{
    for (const auto level : {TlsLevel::encrypt, TlsLevel::verify}) {
        const Played missing(errand(level), {"220 b", "250 b"});
        EXPECT_EQ(
            missing.outcome().text,
            "Connected to 192.0.2.1 but relay.example does not offer TLS, without which it is "
            "to have no mail. (#4.7.5)\n");
        const Played helo(errand(level), {"220 b", "502 what", "250 b"});
        EXPECT_THAT(helo.outcome().text, HasSubstr("does not offer TLS"));
        const Played refused(errand(level), {"220 b", offers_tls, "554 5.7.3 never"});
        EXPECT_EQ(refused.outcome().text, "Connected to 192.0.2.1 but relay.example refused TLS.\n"
                                          "Remote host said: 554 5.7.3 never\n");
        const Played failed(errand(level), {"220 b", offers_tls, "220 go", "no tls"});
        EXPECT_EQ(failed.outcome().text,
                  "Connected to 192.0.2.1 but TLS with relay.example failed: "
                  "of a certificate. (#4.7.5)\n");
        for (const auto* played : {&missing, &helo, &refused, &failed}) {
            EXPECT_EQ(played->outcome().fate, Fate::temporary);
            EXPECT_TRUE(played->dialogue.verdict().next_host);
            EXPECT_FALSE(played->dialogue.may_do_without_tls());
        }
    }
}

TEST(Tls, BeforeTheGreetingWhereThePortSaysSo)
{
    auto what = errand(TlsLevel::verify);
    what.tls_at_once = true;
    const Played played(what, {"tls", "220 b", "250 b"});
    EXPECT_THAT(played.written, ElementsAre("EHLO a.example\r\n", "MAIL FROM:<s@a.example>\r\n"));
}

TEST(LoggingIn, ComesAfterTlsByTheSafestWay)
{
    const Played plain(errand(TlsLevel::verify, true),
                       {"220 b", "250-b\n250-AUTH LOGIN\n250 STARTTLS", "220 go", "tls",
                        "250-b\n250 AUTH LOGIN CRAM-MD5 plain", "235 2.7.0 hello"});
    EXPECT_EQ(plain.written[3], auth_command("PLAIN", "\0joe\0secret"s));
    EXPECT_EQ(plain.written[4], "MAIL FROM:<s@a.example>\r\n");

    const Played login(errand(TlsLevel::verify, true),
                       {"220 b", offers_tls, "220 go", "tls", "250-b\n250 AUTH=LOGIN",
                        "334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6", "235 hello"});
    EXPECT_EQ(login.written[3], "AUTH LOGIN\r\n");
    EXPECT_EQ(login.written[4], to_base64("joe") + "\r\n");
    EXPECT_EQ(login.written[5], to_base64("secret") + "\r\n");
    EXPECT_EQ(login.written[6], "MAIL FROM:<s@a.example>\r\n");
}

// RFC 2195 2: the example, with its user and password.
TEST(LoggingIn, CramMd5HidesThePassword)
{
    auto what = errand(TlsLevel::none);
    auto tim = std::make_shared<Login>();
    tim->user = "tim";
    tim->password = net::Secret("tanstaaftanstaaf");
    what.login = tim;
    const Played played(what, {"220 b", "250-b\n250 AUTH PLAIN CRAM-MD5",
                               "334 " + to_base64("<1896.697170952@postoffice.reston.mci.net>"),
                               "235 ok"});
    EXPECT_EQ(played.written[1], "AUTH CRAM-MD5\r\n");
    EXPECT_EQ(played.written[2], to_base64("tim b913a602c7eda7a495b4e6e7334d3890") + "\r\n");
    EXPECT_EQ(played.written[3], "MAIL FROM:<s@a.example>\r\n");
}

TEST(LoggingIn, AWrongPasswordNeverBounces)
{
    const Played refused(errand(TlsLevel::none, true),
                         {"220 b", "250-b\n250 AUTH PLAIN", "535 5.7.8 wrong"});
    EXPECT_EQ(refused.outcome(),
              (Outcome{Fate::temporary, "4.7.8",
                       "Connected to 192.0.2.1 but relay.example did not let me log in.\n"
                       "Remote host said: 535 5.7.8 wrong\n"}));
    EXPECT_FALSE(refused.dialogue.verdict().next_host);
    EXPECT_THAT(refused.outcome().text, Not(HasSubstr("secret")));
    const Played later(errand(TlsLevel::none, true),
                       {"220 b", "250-b\n250 AUTH PLAIN", "454 4.7.0 busy"});
    EXPECT_EQ(later.outcome().fate, Fate::temporary);
    EXPECT_TRUE(later.dialogue.verdict().next_host);
    const Played none(errand(TlsLevel::none, true), {"220 b", "250-b\n250 AUTH GSSAPI"});
    EXPECT_EQ(none.outcome().text,
              "Connected to 192.0.2.1 but relay.example offers no way to log in "
              "that I know. (#4.7.4)\n");
    EXPECT_EQ(none.outcome().fate, Fate::temporary);
}

TEST(LoggingIn, WhereOneWayIsNotToBeHadTheNextIsTried)
{
    const Played played(
        errand(TlsLevel::none, true),
        {"220 b", "250-b\n250 AUTH PLAIN LOGIN CRAM-MD5", "504 5.5.4 not that", "235 ok"});
    EXPECT_EQ(played.written[1], "AUTH CRAM-MD5\r\n");
    EXPECT_THAT(played.written[2], StartsWith("AUTH PLAIN "));
    EXPECT_EQ(played.written[3], "MAIL FROM:<s@a.example>\r\n");
}

// A refused proof is followed by the password only where the server has proved who it is.
TEST(LoggingIn, ThePasswordIsNotGivenAwayToWhoRefusesAProof)
{
    const auto play = [](TlsLevel level) {
        return Played(errand(level, true),
                      {"220 b", offers_tls, "220 go", "tls", "250-b\n250 AUTH PLAIN SCRAM-SHA-256",
                       "535 5.7.8 no keys", "235 ok"});
    };
    EXPECT_THAT(play(TlsLevel::verify).written[4], StartsWith("AUTH PLAIN "));
    const auto unproven = play(TlsLevel::encrypt);
    EXPECT_EQ(unproven.written.size(), 4u);
    EXPECT_THAT(unproven.outcome().text, HasSubstr("did not let me log in"));
}

TEST(LoggingIn, AServerThatDoesNotProveItselfInScramIsNotBelieved)
{
    const Played early(errand(TlsLevel::none, true),
                       {"220 b", "250-b\n250 AUTH SCRAM-SHA-256", "235 welcome"});
    EXPECT_EQ(early.outcome().text,
              "Connected to 192.0.2.1 but relay.example did not prove that it "
              "knows my password. (#4.7.8)\n");
    for (const auto* challenge :
         {"r=other,s=c2FsdA==,i=4096", "r=,s=c2FsdA==,i=4096", "x", "", "r=a,s=,i=1"}) {
        const Played garbled(errand(TlsLevel::none, true),
                             {"220 b", "250-b\n250 AUTH SCRAM-SHA-256",
                              "334 " + to_base64(challenge), "501 cancelled"});
        EXPECT_EQ(garbled.written.back(), "*\r\n") << challenge;
        EXPECT_EQ(garbled.outcome().fate, Fate::temporary);
    }
}

TEST(LoggingIn, NoServerDrawsItOut)
{
    const Played more(errand(TlsLevel::none, true),
                      {"220 b", "250-b\n250 AUTH LOGIN", "334 ", "334 ", "334 ", "501 ok"});
    EXPECT_EQ(more.written.back(), "*\r\n");
    const Played base64(errand(TlsLevel::none, true),
                        {"220 b", "250-b\n250 AUTH LOGIN", "334 ???", "334 ", "334 "});
    EXPECT_TRUE(base64.dialogue.over());
    EXPECT_EQ(base64.outcome().fate, Fate::temporary);
}

TEST(LoggingIn, ALongSecretWaitsForItsTurn)
{
    auto what = errand(TlsLevel::none);
    auto login = std::make_shared<Login>();
    login->user = "joe";
    login->password = net::Secret(std::string(400, 'x'));
    what.login = login;
    const Played played(what, {"220 b", "250-b\n250 AUTH PLAIN", "334 ", "235 ok"});
    EXPECT_EQ(played.written[1], "AUTH PLAIN\r\n");
    EXPECT_EQ(played.written[2], to_base64("\0joe\0"s + std::string(400, 'x')) + "\r\n");
    EXPECT_EQ(played.written[3], "MAIL FROM:<s@a.example>\r\n");
}

TEST(TlsDestinations, TheHostThenTheDomainThenAll)
{
    const TlsDestinations destinations({"mx.b.example:none", ".b.example:encrypt",
                                        "c.example: Verify", "*:may", "bad", "d:what", "::1:none"});
    EXPECT_EQ(destinations.find("MX.b.example", "c.example"), TlsLevel::none);
    EXPECT_EQ(destinations.find("other.b.example", "c.example"), TlsLevel::encrypt);
    EXPECT_EQ(destinations.find("mx.elsewhere", "c.example"), TlsLevel::verify);
    EXPECT_EQ(destinations.find("mx.elsewhere", "d"), TlsLevel::may);
    EXPECT_EQ(destinations.find("::1", "d"), TlsLevel::none);
    EXPECT_EQ(TlsDestinations().find("mx", "d"), std::nullopt);
}
