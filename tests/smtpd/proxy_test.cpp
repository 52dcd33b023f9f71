// Clients for whom another speaks: the header of a proxy, XCLIENT, XFORWARD.
#include "base/sys/file.hpp"
#include "smtpd/client_facts.hpp"
#include "smtpd/proxy_header.hpp"
#include "smtpd/two_frames.hpp"
#include "support/tcp_server.hpp"

#include <gtest/gtest.h>

using namespace grapnel;
using namespace grapnel::smtpd;
using namespace grapnel::test;

namespace {

using State = ProxyHeader::State;

std::string version_2(char command, char family, const std::string& rest)
{
    std::string header("\r\n\r\n\0\r\nQUIT\n", 12);
    header += command;
    header += family;
    header += static_cast<char>(rest.size() >> 8);
    header += static_cast<char>(rest.size() & 0xff);
    return header + rest;
}
const std::string four("\xc0\x00\x02\x07\xc0\x00\x02\x08\x12\x34\x00\x19", 12);   // .7:4660, .8:25

TEST(ProxyHeader, SaysWhoTheClientIs)
{
    const std::string six = std::string("\x20\x01\x0d\xb8", 4) + std::string(11, '\0') + '\7';
    const std::vector<std::tuple<std::string, std::string, std::string>> good{
        {"PROXY TCP4 192.0.2.7 192.0.2.8 4660 25\r\n", "192.0.2.7:4660", "192.0.2.8:25"},
        {"PROXY TCP6 2001:db8::7 2001:db8::8 1 2\r\n", "[2001:db8::7]:1", "[2001:db8::8]:2"},
        {"PROXY UNKNOWN\r\n", "", ""},
        {"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", "", ""},
        {version_2('\x21', '\x11', four), "192.0.2.7:4660", "192.0.2.8:25"},
        {version_2('\x21', '\x11', four + std::string("\x04\0\x05xxxxx", 8)), "192.0.2.7:4660",
         "192.0.2.8:25"},
        {version_2('\x21', '\x21', six + six + std::string("\0\1\0\2", 4)), "[2001:db8::7]:1",
         "[2001:db8::7]:2"},
        {version_2('\x20', '\x11', four), "", ""},
        {version_2('\x20', '\0', ""), "", ""},
        {version_2('\x21', '\0', "abc"), "", ""},
    };
    for (const auto& [wire, client, server] : good) {
        const auto header = parse_proxy_header(wire + "EHLO x\r\n");
        ASSERT_EQ(header.state, State::done) << wire;
        EXPECT_EQ(header.size, wire.size());
        EXPECT_EQ(header.ends ? header.ends->first.text() : "", client);
        EXPECT_EQ(header.ends ? header.ends->second.text() : "", server);
        for (std::size_t cut = 0; cut < wire.size(); ++cut)
            EXPECT_EQ(parse_proxy_header(wire.substr(0, cut)).state, State::more) << cut;
    }
}

TEST(ProxyHeader, OfAnotherFormIsNone)
{
    const std::vector<std::string> wires{std::string("EHLO x\r\n"),
                                         std::string("PROXI"),
                                         std::string("\r\n\r\nX"),
                                         "PROXY TCP4 192.0.2.7 192.0.2.8 4660\r\n",
                                         "PROXY TCP4 2001:db8::7 192.0.2.8 1 2\r\n",
                                         "PROXY TCP4 192.0.2.7 192.0.2.8 4660 65536\r\n",
                                         "PROXY TCP4 192.0.2.7 192.0.2.8 -1 2\r\n",
                                         "PROXY UDP4 192.0.2.7 192.0.2.8 1 2\r\n",
                                         "PROXY  TCP4 192.0.2.7 192.0.2.8 1 2\r\n",
                                         "PROXY UNKNOWN" + std::string(100, ' ') + "\r\n",
                                         "PROXY TCP4 " + std::string(100, '1'),
                                         version_2('\x31', '\x11', four),
                                         version_2('\x22', '\x11', four),
                                         version_2('\x21', '\x11', four.substr(1)),
                                         version_2('\x21', '\x21', four),
                                         version_2('\x21', '\x11', std::string(4097, 'x'))};
    for (const auto& wire : wires) EXPECT_EQ(parse_proxy_header(wire).state, State::bad) << wire;
}

TEST(ClientFacts, AreTakenAsPostfixWritesThem)
{
    const auto facts = parse_client_facts("NAME=mail.c.example addr=IPv6:2001:db8::1 PORT=4711 "
                                          "PROTO=ESMTP HELO=x+2Ey LOGIN=[UNAVAILABLE]",
                                          FactsOf::xclient);
    ASSERT_TRUE(facts);
    EXPECT_EQ(facts->name, "mail.c.example");
    EXPECT_EQ(facts->address->text(), "2001:db8::1");
    EXPECT_EQ(facts->port, 4711);
    EXPECT_EQ(facts->extended, true);
    EXPECT_EQ(facts->helo, "x.y");
    EXPECT_EQ(facts->login, "");
    for (const auto* text : {"", "NAME", "NAME=a+b", "NAME=a b", "NAME=-x", "ADDR=x", "ADDR=1.2.3",
                             "PORT=65536", "PROTO=X", "HELO=+0A", "HELO=+0", "IDENT=x", "X=y"})
        EXPECT_FALSE(parse_client_facts(text, FactsOf::xclient)) << text;
    EXPECT_TRUE(parse_client_facts("IDENT=abc SOURCE=REMOTE", FactsOf::xforward));
    EXPECT_FALSE(parse_client_facts("LOGIN=joe", FactsOf::xforward));
}

const std::string text = "Subject: x\r\n\r\nhi\r\n.\r\n";

class SpokenFor : public TwoFrames {
protected:
    std::string received()
    {
        const auto got = capture.take();
        if (got.size() != 1) return std::to_string(got.size()) + " messages";
        return got[0].message.substr(0, got[0].message.find("\nSubject")) + '|' + got[0].envelope;
    }
};
INSTANTIATE_TEST_SUITE_P(In, SpokenFor, ::testing::Values(Frame::one_session, Frame::server),
                         [](const auto& frame) { return name(frame.param); });

TEST_P(SpokenFor, XclientMakesTheSessionAnotherClients)
{
    home.control("xclientips", "127.0.0.0/8");
    home.control("badclients", "192.0.2.66");
    home.control("smtprules", "127.0.0.1:allow,RELAYCLIENT=\"\"");
    if (GetParam() == Frame::one_session)
        start({"RELAYCLIENT=", "TCPREMOTEIP=127.0.0.1"});
    else
        start();
    hold(std::vector<Row>{
        {"a message",
         {{"EHLO proxy.example", "250"},
          {"MAIL FROM:<a@b.example>", "250 2.1.0"},
          {"XCLIENT ADDR=192.0.2.9", "503 5.5.1"},
          {"RSET", "250"},
          {"XCLIENT ADDR=x", "501 5.5.4"},
          {"XCLIENT ADDR=192.0.2.9 NAME=mail.c.example PORT=99 LOGIN=[UNAVAILABLE]", "220"},
          {"MAIL FROM:<a@b.example>", "503 5.5.1"},
          {"EHLO real.example", "250"},
          {"MAIL FROM:<a@b.example>", "250 2.1.0"},
          {"RCPT TO:<x@elsewhere.example>", "553 5.7.1"},
          {"RCPT TO:<joe@here.example>", "250 2.1.5"},
          {"DATA", "354"},
          {text, "250 2.0.0"}}}});
    const auto said = received();
    EXPECT_NE(said.find("(mail.c.example [192.0.2.9])"), std::string::npos) << said;
    EXPECT_NE(said.find(std::string("\0ip=192.0.2.9\0ptr=mail.c.example\0helo=real.example\0", 51)),
              std::string::npos)
        << said;
    hold(std::vector<Row>{{"a login",
                           {{"EHLO proxy.example", "250"},
                            {"XCLIENT LOGIN=joe ADDR=192.0.2.9", "220"},
                            {"EHLO x", "250"},
                            {"MAIL FROM:<a@b.example>", "250"},
                            {"RCPT TO:<x@elsewhere.example>", "250"},
                            {"DATA", "354"},
                            {text, "250 2.0.0"}}},
                          {"one who is listed",
                           {{"EHLO proxy.example", "250"},
                            {"XCLIENT ADDR=192.0.2.66", "554 5.7.1"},
                            {"EHLO x", "503 5.5.1"},
                            {"BDAT 6\r\nQUIT\r\n", "503 5.5.1"},
                            {"QUIT", "221 2.0.0!"}}}});
    EXPECT_NE(received().find(std::string("\0user=joe\0", 10)), std::string::npos);
}

TEST_P(SpokenFor, ThoseWhoAreNotListedAreNotBelieved)
{
    home.control("xclientips", "192.0.2.1");
    home.control("xforwardips", "192.0.2.0/24\n2001:db8::/32");
    home.control("proxyips", "192.0.2.1");
    start({"TCPREMOTEIP=127.0.0.1"});
    hold(std::vector<Row>{{"refused",
                           {{"EHLO x", "250 HELP"},
                            {"XCLIENT ADDR=192.0.2.9", "550 5.7.0"},
                            {"XFORWARD ADDR=192.0.2.9", "550 5.7.0"},
                            {"PROXY TCP4 192.0.2.7 192.0.2.8 4660 25", "500 5.5.2"}}}});
}

TEST_P(SpokenFor, XforwardIsForTheLogAndForOneMessage)
{
    home.control("xforwardips", "127.0.0.1");
    start({"TCPREMOTEIP=127.0.0.1"});
    hold(std::vector<Row>{{"a message",
                           {{"EHLO x", "250 XFORWARD"},
                            {"XFORWARD ADDR=192.0.2.9 NAME=mail.c.example", "250 2.0.0"},
                            {"XFORWARD HELO=real.example SOURCE=REMOTE IDENT=4711", "250 2.0.0"},
                            {"XFORWARD LOGIN=x", "501 5.5.4"},
                            {"MAIL FROM:<a@b.example>", "250 2.1.0"},
                            {"XFORWARD ADDR=192.0.2.9", "503 5.5.1"},
                            {"RCPT TO:<joe@here.example>", "250 2.1.5"},
                            {"DATA", "354"},
                            {text, "250 2.0.0"}}}});
    EXPECT_NE(received().find("[127.0.0.1]"), std::string::npos);
}

// Both frames on a socket.
class BehindProxy : public TwoFrames {
protected:
    Port up(const std::vector<std::string>& variables = {})
    {
        auto all = variables;
        for (const auto& variable : capture.environment()) all.push_back(variable);
        instance_.emplace(home, InstanceOptions{.send = false,
                                                .one_shot = GetParam() == Frame::one_session,
                                                .environment = all});
        return instance_->port();
    }
    std::string log() { return instance_->smtpd_log(); }
    // The greeting to one who sends this first.
    std::string greeting(Port port, const std::string& header)
    {
        socket_ = connect_to(port, patience);
        write_all(socket_.get(), header);
        client_.emplace(socket_.get(), socket_.get());
        return client_->greeting();
    }
    SmtpClient& client() { return *client_; }

private:
    std::optional<Instance> instance_;
    Fd socket_;
    std::optional<SmtpClient> client_;
};
INSTANTIATE_TEST_SUITE_P(In, BehindProxy, ::testing::Values(Frame::one_session, Frame::server),
                         [](const auto& frame) { return name(frame.param); });

TEST_P(BehindProxy, TheHeaderIsTakenBeforeAnythingIsSaid)
{
    home.control("proxyips", "127.0.0.1");
    home.control("maxconnip", "1");
    const auto port = up();
    for (const auto& header : {std::string("PROXY TCP4 192.0.2.7 192.0.2.8 4660 25\r\n"),
                               version_2('\x21', '\x11', four)}) {
        EXPECT_EQ(greeting(port, header), "220 here.example ESMTP");
        hold(client(), {{"EHLO real.example", "250"},
                        {"MAIL FROM:<a@b.example>", "250 2.1.0"},
                        {"RCPT TO:<x@elsewhere.example>", "553 5.7.1"},
                        {"RCPT TO:<joe@here.example>", "250 2.1.5"},
                        {"DATA", "354"},
                        {text, "250 2.0.0"},
                        {"QUIT", "221!"}});
        const auto got = capture.take();
        ASSERT_EQ(got.size(), 1u);
        EXPECT_NE(got[0].message.find("([192.0.2.7])"), std::string::npos) << got[0].message;
    }
    EXPECT_EQ(greeting(port, version_2('\x20', '\0', "")), "220 here.example ESMTP");
    EXPECT_EQ(greeting(port, "EHLO x\r\n"), "");
    EXPECT_EQ(greeting(port, "PROXY TCP4 1 2 3 4\r\n"), "");
    EXPECT_EQ(greeting(port, "PROXY TCP4 192.0.2.7 192.0.2.8 4660 25\r\nEHLO x\r\n").substr(0, 9),
              "554 5.5.0");
}

}
