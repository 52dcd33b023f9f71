// The dialogue as the standards have it, a row for each rule, in both frames and within TLS:
// states, verbs, limits, groups of commands, addresses, extensions, chunks.
#include "smtpd/two_frames.hpp"

#include "base/sys/file.hpp"
#include "base/sys/local_socket.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace grapnel;
using namespace grapnel::test;

namespace {

const std::string ehlo = "EHLO client.example", from = "MAIL FROM:<a@b.example>",
                  to = "RCPT TO:<joe@here.example>", text = "Subject: x\r\n\r\nhi\r\n.\r\n";
const Exchange greeted{ehlo, "250"}, has_sender{from, "250 2.1.0"}, has_recipient{to, "250 2.1.5"},
    one_at_a_time{from, "503 5.5.1"};

class Dialogue : public TwoFrames {};
INSTANTIATE_TEST_SUITE_P(In, Dialogue, all_frames,
                         [](const auto& frame) { return name(frame.param); });

// RFC 5321 3.1, 4.1.4; RFC 3030.
TEST_P(Dialogue, EachStateTakesWhatBelongsToIt)
{
    start();
    hold(std::vector<Row>{
        {"before EHLO",
         {{"NOOP", "250 2.0.0"},
          {"RSET", "250 2.0.0"},
          {"VRFY joe", "252 2.5.2"},
          {"EXPN joe", "252 2.5.2"},
          {"HELP", "214 2.0.0"},
          {from, "503 5.5.1"},
          {to, "503 5.5.1"},
          {"DATA", "503 5.5.1"},
          {"BDAT 5 LAST\r\nQUIT\n", "503 5.5.1"},
          greeted,
          has_sender}},
        {"greeted",
         {greeted,
          {to, "503 5.5.1"},
          {"DATA", "503 5.5.1"},
          {"BDAT 0 LAST", "503 5.5.1"},
          has_sender}},
        {"with a sender",
         {greeted, has_sender, one_at_a_time, {"DATA", "554 5.5.1"}, has_recipient}},
        {"with a recipient",
         {greeted,
          has_sender,
          has_recipient,
          one_at_a_time,
          has_recipient,
          {"DATA", "354"},
          {text, "250 2.0.0"},
          {to, "503 5.5.1"},
          has_sender}},
        {"a failed MAIL or RCPT changes nothing",
         {greeted,
          {"MAIL FROM:<a@>", "501 5.1.7"},
          {to, "503 5.5.1"},
          has_sender,
          {"RCPT TO:<joe@elsewhere.example>", "553 5.7.1"},
          {"DATA", "554 5.5.1"},
          has_recipient,
          {"RCPT TO:<joe@elsewhere.example>", "553 5.7.1"},
          {"DATA", "354"},
          {text, "250 2.0.0"}}},
        {"EHLO and RSET begin anew",
         {greeted,
          has_sender,
          has_recipient,
          greeted,
          {to, "503 5.5.1"},
          has_sender,
          {"RSET", "250 2.0.0"},
          {to, "503 5.5.1"},
          has_sender,
          {"HELO x", "250"},
          {to, "503 5.5.1"}}},
        {"a bad EHLO does not",
         {greeted, has_sender, {"EHLO", "501 5.5.4"}, {"EHLO a b", "501 5.5.4"}, has_recipient}},
        {"NOOP, HELP, VRFY, EXPN leave it alone",
         {greeted,
          has_sender,
          has_recipient,
          {"NOOP\r\nHELP\r\nVRFY x\r\nEXPN x", "250 2.0.0|214 2.0.0|252 2.5.2|252 2.5.2"},
          {"DATA", "354"},
          {text, "250 2.0.0"}}},
        {"between chunks",
         {greeted,
          has_sender,
          has_recipient,
          {"BDAT 3\r\nabc$", "250 2.0.0"},
          {to, "503 5.5.1"},
          one_at_a_time,
          {"DATA", "503 5.5.1"},
          {"NOOP", "250 2.0.0"},
          {"BDAT 2 LAST\r\n\r\n", "250 2.6.0"},
          {to, "503 5.5.1"},
          has_sender}},
        {"QUIT is the end", {greeted, has_sender, has_recipient, {"QUIT\r\nNOOP", "221 2.0.0!"}}},
    });
    EXPECT_EQ(capture.take().size(), 4u);
}

// RFC 5321 4.1, 4.3.2; RFC 2034.
TEST_P(Dialogue, EachVerbHasItsReplies)
{
    start();
    hold(std::vector<Row>{
        {"arguments that are missing or too many",
         {{"EHLO", "501 5.5.4"},
          {"HELO", "501 5.5.4"},
          {"RSET x", "501 5.5.4"},
          {"QUIT x", "501 5.5.4"},
          {"VRFY", "501 5.5.4"},
          {"DATA x", "501 5.5.4"},
          {"NOOP anything at all", "250 2.0.0"},
          {"RSET  ", "250 2.0.0"},
          {"HELP VRFY", "214 2.0.0"}}},
        {"letters in any case",
         {{"eHlO [192.0.2.1]", "250"},
          {"mail from:<a@b.example>", "250 2.1.0"},
          {"rCPT tO:<joe@here.example>", "250 2.1.5"},
          {"data", "354"},
          {text, "250 2.0.0"},
          {"quit", "221 2.0.0!"}}},
        {"obsolete, unknown, switched off",
         {greeted,
          {"SEND FROM:<a@b>", "502 5.5.1"},
          {"SOML FROM:<a@b>", "502 5.5.1"},
          {"SAML FROM:<a@b>", "502 5.5.1"},
          {"TURN", "502 5.5.1"},
          {"FOO", "500 5.5.2"},
          {"", "500 5.5.2"},
          {"MAILFROM:<a@b>", "500 5.5.2"},
          {"ETRN x.example", "502 5.5.1"},
          has_sender}},
        {"bare CR, LF, NUL",
         {greeted,
          {"NOOP\nNOOP", "500 5.5.2"},
          {"NOOP\rNOOP", "500 5.5.2"},
          {std::string("NO\0OP", 5), "500 5.5.2"},
          {"NOOP\r", "500 5.5.2"},
          {"NOOP", "250 2.0.0"}}},
        {"HELO has no extensions, but is not held to it",
         {{"HELO client.example", "250 here.example"},
          has_sender,
          has_recipient,
          {"DATA", "354"},
          {text, "250 2.0.0"}}},
    });
}

// RFC 5321 4.5.3.
TEST_P(Dialogue, HasItsLimits)
{
    home.control("maxrcpt", "3");
    home.control("databytes", "1000");
    home.control("maxline", "1000");
    home.control("maxhops", "3");
    start();
    const std::string domain = std::string(63, 'a') + '.' + std::string(63, 'b') + '.' +
                               std::string(63, 'c') + '.' + std::string(63, 'd');
    const auto sender = [](const std::string& path) { return "MAIL FROM:<" + path + '>'; };
    const Exchange again{"RSET", "250 2.0.0"};
    hold(std::vector<Row>{
        {"addresses",
         {greeted,
          {sender(std::string(64, 'x') + "@b.example"), "250 2.1.0"},
          again,
          {sender(std::string(256, 'x') + "@b.example"), "250 2.1.0"},
          again,
          {sender(std::string(257, 'x') + "@b.example"), "501 5.1.7"},
          {sender("a@" + domain + "d"), "501 5.1.2"},
          {sender("a@" + domain), "250 2.1.0"},
          again,
          {sender("a@" + std::string(64, 'x') + ".example"), "501 5.1.7"},
          {sender(std::string(1001, 'x')), "501 5.1.7"}}},
        {"lines",
         {greeted,
          {"NOOP " + std::string(4091, 'x'), "250 2.0.0"},
          {"NOOP " + std::string(4092, 'x'), "500 5.5.2"},
          {"NOOP", "250 2.0.0"},
          {std::string(70000, 'x'), "421 4.7.0!"}}},
        {"recipients: those beyond are refused for now",
         {greeted,
          has_sender,
          has_recipient,
          has_recipient,
          has_recipient,
          {to, "452 4.5.3"},
          {"DATA", "354"},
          {text, "250 2.0.0"}}},
        {"size",
         {greeted,
          {from + " SIZE=1001", "552 5.3.4"},
          {from + " SIZE=1000", "250 2.1.0"},
          has_recipient,
          {"DATA", "354"},
          {std::string(500, 'x') + "\r\n" + std::string(500, 'y') + "\r\n.\r\n", "552 5.3.4"},
          has_sender,
          has_recipient,
          {"BDAT 1001\r\n" + std::string(1001, 'x') + "BDAT 1 LAST\r\nx$", "552 5.3.4|503 5.5.1"},
          {"RSET", "250 2.0.0"},
          has_sender}},
        {"text lines",
         {greeted,
          has_sender,
          has_recipient,
          {"DATA", "354"},
          {std::string(998, 'x') + "\r\n.\r\n", "250 2.0.0"},
          has_sender,
          has_recipient,
          {"DATA", "354"},
          {std::string(999, 'x') + "\r\n.\r\n", "554 5.6.0"}}},
        {"hops",
         {greeted,
          has_sender,
          has_recipient,
          {"DATA", "354"},
          {"Received: a\r\nReceived: b\r\n\r\nReceived: c\r\n.\r\n", "250 2.0.0"},
          has_sender,
          has_recipient,
          {"DATA", "354"},
          {"Received: a\r\nDelivered-To: b\r\nreceived: c\r\n\r\n.\r\n", "554 5.4.6"},
          has_sender}},
    });
    std::vector<Exchange> many{greeted};
    for (int i = 0; i < 100; ++i) {
        many.push_back(has_sender);
        many.push_back(again);
    }
    many.push_back({from, "421 4.7.0!"});
    std::vector<Exchange> faults(19, Exchange{"FOO", "500 5.5.2"});
    faults.push_back({"FOO", "421 4.7.0!"});
    hold(std::vector<Row>{{"transactions", many}, {"faults", faults}});
}

// RFC 2920 3.2.
TEST_P(Dialogue, GroupsAreAnsweredInOrderAndNothingFollowsWhatFailed)
{
    start();
    hold(std::vector<Row>{
        {"all well",
         {greeted,
          {from + "\r\n" + to + "\r\n" + to + "\r\nDATA", "250 2.1.0|250 2.1.5|250 2.1.5|354"},
          {"x\r\n.\r\n" + from + "\r\n" + to, "250 2.0.0|250 2.1.0|250 2.1.5"}}},
        {"MAIL fails",
         {greeted,
          {"MAIL FROM:<@>\r\n" + to + "\r\nDATA", "501 5.1.7|503 5.5.1|503 5.5.1"},
          has_sender}},
        {"every RCPT fails",
         {greeted,
          {from + "\r\nRCPT TO:<x@y.example>\r\nRCPT TO:<@>\r\nDATA",
           "250 2.1.0|553 5.7.1|501 5.1.3|554 5.5.1"},
          has_recipient}},
        {"one RCPT fails",
         {greeted,
          {from + "\r\nRCPT TO:<x@y.example>\r\n" + to + "\r\nDATA",
           "250 2.1.0|553 5.7.1|250 2.1.5|354"},
          {".", "250 2.0.0"}}},
        {"chunks with it",
         {greeted,
          {from + "\r\n" + to + "\r\nBDAT 3\r\nabcBDAT 2 LAST\r\n\r\n" + from,
           "250 2.1.0|250 2.1.5|250 2.0.0|250 2.6.0|250 2.1.0"}}},
        {"chunks of what failed are not commands",
         {greeted,
          {"MAIL FROM:<@>\r\n" + to + "\r\nBDAT 6\r\nQUIT\r\nBDAT 6 LAST\r\nQUIT\r\n" + from,
           "501 5.1.7|503 5.5.1|503 5.5.1|503 5.5.1|250 2.1.0"}}},
        {"a half line is no command", {greeted, {"NOOP\r\nNO$", "250 2.0.0"}, {"OP", "250 2.0.0"}}},
    });
    const auto got = capture.take();
    ASSERT_EQ(got.size(), 3u);
    EXPECT_TRUE(got[2].message.ends_with("\nabc\n"));
}

// RFC 3030.
TEST_P(Dialogue, ChunksAreReadWhateverIsAnswered)
{
    start();
    const auto begin = [](std::vector<Exchange> then) {
        then.insert(then.begin(), {greeted, has_sender, has_recipient});
        return then;
    };
    hold(std::vector<Row>{
        {"one", begin({{"BDAT 11 LAST\r\nSubject: x\n", "550 5.6.0"}, {"RSET", "250 2.0.0"}})},
        {"a line end over two",
         begin({{"BDAT 4\r\nabc\r$", "250 2.0.0"}, {"BDAT 1 last\r\n\n", "250 2.6.0"}})},
        {"a CR at the very end", begin({{"BDAT 4\r\nabc\r$", "250 2.0.0"},
                                        {"BDAT 0 LAST", "550 5.6.0"},
                                        {from, "503 5.5.1"},
                                        {to, "503 5.5.1"},
                                        {"DATA", "503 5.5.1"},
                                        {"VRFY x", "503 5.5.1"},
                                        {"NOOP", "250 2.0.0"},
                                        {"BDAT 3 LAST\r\nabc$", "503 5.5.1"},
                                        {"RSET", "250 2.0.0"},
                                        has_sender})},
        {"dots are octets", begin({{"BDAT 11 LAST\r\n..\r\n.\r\n.x\r\n", "250 2.6.0"}})},
        {"nothing at all", begin({{"BDAT 0\r\nBDAT 0 LAST", "250 2.0.0|250 2.6.0"}})},
        {"without a line end", begin({{"BDAT 3 LAST\r\nabc$", "250 2.6.0"}})},
        {"octets that look like commands",
         begin({{"BDAT 6\r\nRSET\r\n", "250 2.0.0"}, {"BDAT 0 LAST", "250 2.6.0"}})},
        {"given up", begin({{"BDAT 3\r\nabc$", "250 2.0.0"},
                            {"RSET", "250 2.0.0"},
                            has_sender,
                            has_recipient,
                            {"BDAT 3 LAST\r\ndef$", "250 2.6.0"}})},
        {"no recipient",
         {greeted,
          has_sender,
          {"BDAT 4 LAST\r\nhi\r\n", "554 5.5.1"},
          {to, "503 5.5.1"},
          {"RSET", "250 2.0.0"}}},
        {"no size", begin({{"BDAT", "501 5.5.4!"}})},
        {"no number", begin({{"BDAT x\r\nabc", "501 5.5.4!"}})},
        {"a negative one", begin({{"BDAT -1\r\nabc", "501 5.5.4!"}})},
        {"a word behind it", begin({{"BDAT 3 MORE\r\nabc", "501 5.5.4!"}})},
        {"beyond 64 bits", begin({{"BDAT 18446744073709551616\r\nabc", "501 5.5.4!"}})},
    });
    std::vector<std::string> texts;
    for (const auto& one : capture.take())
        if (one.envelope.ends_with('\0') &&
            one.envelope.find(std::string(2, '\0')) != std::string::npos)
            texts.push_back(
                one.message.substr(one.message.find('\n', one.message.find(" +0")) + 1));
    EXPECT_EQ(texts,
              (std::vector<std::string>{"abc\n", "..\n.\n.x\n", "", "abc", "RSET\n", "def"}));
}

// RFC 3030 3: octets, which are no lines and no commands.
TEST_P(Dialogue, ABinaryMessageComesInChunksOnly)
{
    start({"SMTPEXT=+BINARYMIME"});
    EXPECT_NE(connect().command(ehlo).find("250-BINARYMIME"), std::string::npos);
    const Exchange binary{from + " BODY=BINARYMIME", "250 2.1.0"};
    const std::string octets("\n.\r\n\r.\r\0QUIT\r\n.\r\nRSET\r\n", 22);
    hold(std::vector<Row>{
        {"not by DATA",
         {greeted,
          binary,
          has_recipient,
          {"DATA", "503 5.5.1"},
          {"RSET", "250 2.0.0"},
          has_sender,
          has_recipient,
          {"DATA", "354"},
          {"\r\n.", "250 2.0.0"}}},
        {"octets are kept",
         {greeted,
          binary,
          has_recipient,
          {"BDAT 6\r\nA: b\r\n$", "250 2.0.0"},
          {"BDAT 3\r\n\r\n\r$", "250 2.0.0"},
          {"BDAT " + std::to_string(octets.size()) + " LAST\r\n" + octets + "$", "250 2.6.0"}}},
        {"a header is lines",
         {greeted,
          binary,
          has_recipient,
          {"BDAT 5 LAST\r\nA: b\n$", "550 5.6.0"},
          {"DATA", "503 5.5.1"},
          {"RSET", "250 2.0.0"}}},
    });
    std::vector<std::string> texts;
    for (const auto& one : capture.take())
        if (one.envelope.find("body=BINARYMIME") != std::string::npos &&
            one.message.find("A: b") != std::string::npos)
            texts.push_back(one.message.substr(one.message.find("A: b")));
    EXPECT_EQ(texts, (std::vector<std::string>{"A: b\n\n\r" + octets}));
}

TEST_P(Dialogue, AChunkThatEndsTooSoonIsNoMessage)
{
    start();
    auto& client = connect();
    hold(client, {greeted, has_sender, has_recipient, {"BDAT 100 LAST\r\nabc$", ""}});
    if (GetParam() == Frame::server) {
        client.close_writing();
        EXPECT_TRUE(client.closed());
    }
    for (const auto& one : capture.take())
        EXPECT_FALSE(one.envelope.ends_with(std::string(2, '\0')));
}

// RFC 5321 4.1.2, 4.5.1, appendix C; RFC 6531.
TEST_P(Dialogue, AddressesFollowTheGrammar)
{
    start();
    const auto rcpt = [](const std::string& path) { return "RCPT TO:<" + path + '>'; };
    hold(std::vector<Row>{
        {"senders",
         {greeted,
          {"MAIL FROM:<>", "250 2.1.0"},
          {rcpt("joe@here.example"), "250 2.1.5"},
          {"RSET", "250"},
          {"MAIL FROM: <a@b.example>", "250 2.1.0"},
          {"RSET", "250"},
          {"MAIL FROM:a@b.example", "501 5.5.4"},
          {"MAIL FROM:<a@b.example", "501 5.5.4"},
          {"MAIL <a@b.example>", "501 5.5.4"},
          {"MAIL FROM:<a b@c.example>", "501 5.1.7"},
          {"MAIL FROM:<a@b_c.example>", "250 2.1.0"},
          {"RSET", "250"},
          {"MAIL FROM:<a\x01@b.example>", "501 5.1.7"},
          {"MAIL FROM:<\xc3\xa4@b.example>", "553 5.6.7"}}},
        {"recipients",
         {greeted,
          has_sender,
          {rcpt(""), "501 5.5.4"},
          {rcpt("joe"), "501 5.1.3"},
          {rcpt("joe@here.example."), "250 2.1.5"},
          {rcpt("JOE@HERE.EXAMPLE"), "250 2.1.5"},
          {rcpt("\"j o\\\"e\"@here.example"), "250 2.1.5"},
          {rcpt("\"joe@x\"@here.example"), "250 2.1.5"},
          {rcpt("joe..x@here.example"), "501 5.1.3"},
          {rcpt("joe.@here.example"), "501 5.1.3"},
          {rcpt("joe@-here.example"), "501 5.1.3"},
          {rcpt("joe@here..example"), "501 5.1.3"},
          {rcpt("joe\x7f@here.example"), "501 5.1.3"}}},
        {"postmaster, in any case, from anybody",
         {greeted,
          {"MAIL FROM:<>", "250 2.1.0"},
          {rcpt("postmaster"), "250 2.1.5"},
          {rcpt("PostMaster"), "250 2.1.5"},
          {rcpt("postmaster@here.example"), "250 2.1.5"},
          {rcpt("postmaster@x.example"), "553 5.7.1"}}},
        {"literals",
         {greeted,
          has_sender,
          {rcpt("joe@[127.0.0.1]"), "250 2.1.5"},
          {rcpt("joe@[IPv6:::1]"), "250 2.1.5"},
          {rcpt("joe@[192.0.2.77]"), "553 5.7.1"},
          {rcpt("joe@[x400:abc]"), "501 5.1.3"},
          {rcpt("joe@[1.2.3]"), "501 5.1.3"}}},
        {"source routes are stripped, then judged",
         {greeted,
          has_sender,
          {rcpt("@a.example,@b.example:joe@here.example"), "250 2.1.5"},
          {rcpt("@here.example:joe@x.example"), "553 5.7.1"},
          {rcpt("@:joe@here.example"), "501 5.1.3"},
          {rcpt("joe%x.example@here.example"), "250 2.1.5"}}},
        {"beyond ASCII",
         {greeted,
          {"MAIL FROM:<j\xc3\xb6@b.example> SMTPUTF8", "250 2.1.0"},
          {rcpt("j\xc3\xb6@here.example"), "250 2.1.5"},
          {rcpt("j\xc3@here.example"), "553 5.6.7"},
          {rcpt("j\xc2\x80@here.example"), "501 5.1.3"},
          {rcpt("j@\xe2\x98\x83.example"), "501 5.1.3"},
          {"RSET", "250"},
          has_sender,
          {rcpt("j\xc3\xb6@here.example"), "553 5.6.7"}}},
    });
}

// Each keyword, on and off: smtp-standards 3.1.
TEST_P(Dialogue, WhatIsOnIsOfferedAndTakenAndWhatIsOffIsNot)
{
    start({"SMTPEXT=+DELIVERBY,+FUTURERELEASE,+MT-PRIORITY", "RELAYCLIENT="});
    const Exchange again{"RSET", "250 2.0.0"};
    hold(std::vector<Row>{
        {"on",
         {greeted,
          {from + " BODY=8BITMIME", "250 2.1.0"},
          again,
          {from + " BODY=BINARYMIME", "501 5.5.4"},
          {from + " SIZE=1", "250 2.1.0"},
          again,
          {from + " SMTPUTF8", "250 2.1.0"},
          again,
          {from + " RET=FULL ENVID=x", "250 2.1.0"},
          {to + " NOTIFY=NEVER ORCPT=rfc822;root", "250 2.1.5"},
          {to + " NOTIFY=NEVER,SUCCESS", "501 5.5.4"},
          again,
          {from + " BY=100;R", "250 2.1.0"},
          again,
          {from + " HOLDFOR=5", "250 2.1.0"},
          again,
          {from + " HOLDFOR=999999999", "501 5.5.4"},
          {from + " MT-PRIORITY=-3", "250 2.1.0"},
          again,
          {from + " MT-PRIORITY=3", "250 2.3.6 0"},
          again,
          {from + " RET=FULL RET=FULL", "501 5.5.4"}}},
        {"never",
         {greeted,
          {from + " REQUIRETLS", is_in_tls(GetParam()) ? "250 2.1.0" : "555 5.5.4"},
          again,
          {from + " AUTH=<>", "555 5.5.4"},
          {from + " MTRK=x", "555 5.5.4"},
          {from + " SUBMITTER=x", "555 5.5.4"},
          {to, "503 5.5.1"},
          has_sender,
          {to + " RRVS=2020-01-01T00:00:00Z", "555 5.5.4"},   // off
          {"BURL x", "502 5.5.1"},
          {"ATRN", "502 5.5.1"}}},
    });
    auto& client = connect();
    const auto offer = client.command(ehlo);
    for (const std::string keyword :
         {"PIPELINING", "8BITMIME", "SIZE", "ENHANCEDSTATUSCODES", "SMTPUTF8", "DSN", "CHUNKING",
          "LIMITS MAILMAX=100 RCPTMAX=1000", "DELIVERBY", "FUTURERELEASE 604800 ", "MT-PRIORITY",
          "VRFY", "HELP"})
        EXPECT_NE(offer.find("250-" + keyword) + offer.find("250 " + keyword) + 1,
                  std::string::npos)
            << keyword;
    EXPECT_EQ(offer.find("REQUIRETLS") != std::string::npos, is_in_tls(GetParam()));
    for (const std::string keyword :
         {"BINARYMIME", "RRVS", "EXPN", "ETRN", "XCLIENT", "XFORWARD", "AUTH"})
        EXPECT_EQ(offer.find(keyword), std::string::npos) << keyword;
}

// RFC 1985.
TEST_P(Dialogue, EtrnIsForWhoMayRelay)
{
    start({"RELAYCLIENT=", "SMTPEXT=+ETRN"});
    const std::string etrn = "ETRN far.example";
    hold(std::vector<Row>{
        {"not before EHLO", {{etrn, "503 5.5.1"}, greeted, {etrn, "458 4.3.0"}}},
        {"behind HELO, too", {{"HELO client.example", "250"}, {etrn, "458 4.3.0"}}},
        {"not within a message",
         {greeted,
          has_sender,
          {etrn, "503 5.5.1"},
          has_recipient,
          {etrn, "503 5.5.1"},
          {"BDAT 3\r\nabc$", "250 2.0.0"},
          {etrn, "503 5.5.1"},
          {"RSET", "250 2.0.0"},
          {etrn, "458 4.3.0"},
          has_sender}},
        {"arguments",
         {greeted,
          {"ETRN", "501 5.5.4"},
          {"ETRN @", "501 5.5.4"},
          {"ETRN #", "501 5.5.4"},
          {"ETRN far.example near.example", "501 5.5.4"},
          {"ETRN x@far.example", "501 5.5.4"},
          {"ETRN -far.example", "501 5.5.4"},
          {"ETRN <far.example>", "501 5.5.4"},
          {"ETRN f\xc3\xa4r.example", "501 5.5.4"},
          {"ETRN far\t.example", "501 5.5.4"},
          {"ETRN far.example  ", "458 4.3.0"},
          {"etrn @FAR.example.", "458 4.3.0"}}},
        {"names",
         {greeted,
          {"ETRN " + std::string(256, 'x'), "501 5.5.4"},
          {"ETRN #uucp", "459 4.7.1"},
          {"ETRN [192.0.2.1]", "458 4.3.0"}}},
    });
    EXPECT_NE((connect().command(ehlo) + "\r\n").find("ETRN\r\n"), std::string::npos);
}

TEST_P(Dialogue, EtrnIsNotForStrangers)
{
    start({"SMTPEXT=+ETRN"});
    hold(std::vector<Row>{
        {"who may not relay",
         {greeted,
          {"ETRN far.example", "459 4.7.1"},
          {"ETRN far example", "501 5.5.4"},
          has_sender}},
    });
    EXPECT_EQ(connect().command(ehlo).find("ETRN"), std::string::npos);
}

TEST_P(Dialogue, EtrnhostsSaysWhoMayHaveWhichDomain)
{
    home.control("etrnhosts", "# of our customers\nfar.example\n@near.example 127.0.0.0/8\n"
                              "mine.example 192.0.2.1");
    start({"SMTPEXT=+ETRN", "TCPREMOTEIP=127.0.0.1"});
    hold(std::vector<Row>{
        {"each his own",
         {greeted,
          {"ETRN near.example", "458 4.3.0"},
          {"ETRN @a.near.example", "458 4.3.0"},
          {"ETRN far.example", "459 4.7.1"},
          {"ETRN mine.example", "459 4.7.1"},
          {"ETRN other.example", "459 4.7.1"}}},
    });
    EXPECT_NE(connect().command(ehlo).find("ETRN"), std::string::npos);
}

TEST_P(Dialogue, EtrnSaysWhatQmailSendSays)
{
    start({"RELAYCLIENT=", "SMTPEXT=+ETRN"});
    const Fd send = listen_locally(home / "run/send/hasten", 5);
    auto& client = connect();
    client.command(ehlo);
    for (const auto& [said, reply] : std::vector<Exchange>{
             {"done 3\n", "253 2.0.0 ok, 3 pending messages for node far.example started"},
             {"begun 3\n", "252 2.0.0 ok, pending messages for node far.example started"},
             {"done 0\n", "251 2.0.0 ok, no messages waiting for node far.example"},
             {"begun 0\n", "250 2.0.0 ok, queuing for node far.example started"},
             {"later\n", "458 4.3.0"},
             {"done\n", "458 4.3.0"},
             {"", "458 4.3.0"},
             {std::string(400, 'x') + "\n", "458 4.3.0"}}) {
        client.send("ETRN far.example\r\n");
        pollfd waiting{send.get(), POLLIN, 0};
        ASSERT_EQ(::poll(&waiting, 1, static_cast<int>(patience.count())), 1);
        const Fd caller(::accept4(send.get(), nullptr, nullptr, SOCK_CLOEXEC));
        ASSERT_TRUE(caller);
        std::string asked;
        while (!asked.ends_with('\n')) {
            char byte = 0;
            ASSERT_EQ(::read(caller.get(), &byte, 1), 1);
            asked += byte;
        }
        EXPECT_EQ(asked, "hasten far.example\n");
        write_all(caller.get(), said, "qmail-smtpd");
        ::shutdown(caller.get(), SHUT_RDWR);
        EXPECT_EQ(client.reply().substr(0, reply.size()), reply);
    }
}

// RFC 7293 5.1, by control/ownersince.
TEST_P(Dialogue, WhoseMailboxChangedHandsGetsNoMailForWhoHadItBefore)
{
    home.control("ownersince", "joe@here.example:2014-04-04\n"
                               "@bought.example:2015-01-01T12:00:00+02:00\n"
                               "lost@here.example:unknown");
    home.control("rcpthosts", "here.example\nbought.example\nfar.example");
    start({"SMTPEXT=+RRVS"});
    const auto since = [](const std::string& user, const std::string& date) {
        return "RCPT TO:<" + user + "> RRVS=" + date;
    };
    hold(std::vector<Row>{
        {"whose it is",
         {{ehlo, "250"},
          has_sender,
          {since("joe@here.example", "2014-04-04T00:00:00Z"), "250 2.1.5"},
          {since("joe@here.example", "2014-04-03T23:59:59Z"), "550 5.7.17"},
          {since("joe@here.example", "2014-04-04T01:00:00+02:00;C"), "550 5.7.17"},
          {since("joe@here.example", "2014-04-03T23:00:00-02:00;r"), "250 2.1.5"},
          {since("joe-list@here.example", "2014-04-03T00:00:00Z;R"), "550 5.7.17"},
          {since("ann@here.example", "1999-04-03T00:00:00Z"), "250 2.1.5"},
          {since("ann@bought.example", "2015-01-01T09:59:59Z"), "550 5.7.18"},
          {since("ann@bought.example", "2015-01-01T10:00:00Z"), "250 2.1.5"},
          {since("postmaster@bought.example", "1999-01-01T10:00:00Z"), "250 2.1.5"},
          {since("lost@here.example", "2015-01-01T10:00:00Z"), "550 5.7.19"},
          {since("ann@far.example", "1999-01-01T10:00:00Z"), "250 2.1.5"},
          {"RCPT TO:<joe@here.example>", "250 2.1.5"}}},
        {"what it must be",
         {greeted,
          has_sender,
          {since("joe@here.example", "2014-04-04"), "501 5.5.4"},
          {since("joe@here.example", "2014-04-04T00:00:00.5Z"), "501 5.5.4"},
          {since("joe@here.example", "2014-04-04T00:00:00Z;X"), "501 5.5.4"},
          {since("joe@here.example", "2014-04-04T00:00:00Z RRVS=2014-04-04T00:00:00Z"),
           "501 5.5.4"},
          {"RCPT TO:<joe@here.example> RRVS", "501 5.5.4"}}},
    });
    EXPECT_NE(connect().command(ehlo).find("RRVS"), std::string::npos);
}

TEST_P(Dialogue, WhereNobodyHasWrittenDownWhoseMailboxesAreThatIsSaid)
{
    home.control("rcpthosts", "here.example\nfar.example");
    start({"SMTPEXT=+RRVS"});
    hold(
        std::vector<Row>{{"no list",
                          {greeted,
                           has_sender,
                           {to + " RRVS=2020-01-01T00:00:00Z", "550 5.7.19"},
                           {"RCPT TO:<abuse@here.example> RRVS=2020-01-01T00:00:00Z", "250 2.1.5"},
                           {"RCPT TO:<joe@far.example> RRVS=2020-01-01T00:00:00Z", "250 2.1.5"}}}});
}

TEST_P(Dialogue, AllOffIsBareSmtp)
{
    start({"SMTPEXT=-ALL"});
    const Exchange again{"RSET", "250"};
    hold(std::vector<Row>{
        {"the name only",
         {{ehlo, "250 here.example"},
          {"HELP", "502"},
          {"VRFY x", "252"},
          {"EXPN x", "252"},
          {"BDAT 3", "502"},
          {from + " SIZE=1", "555"},
          {from + " BODY=7BIT", "555"},
          {from + " SMTPUTF8", "555"},
          {from + " RET=FULL", "555"},
          {from + " HOLDFOR=1", "555"},
          {from + " BY=1;R", "555"},
          {from + " MT-PRIORITY=1", "555"},
          {from, "250"},
          {to + " NOTIFY=NEVER", "555"},
          {to, "250"},
          {"DATA", "354"},
          {text, "250"}}},
    });
    EXPECT_EQ(capture.take().size(), 1u);
}

// RFC 2033.
class Lmtp : public TwoFrames {};
INSTANTIATE_TEST_SUITE_P(In, Lmtp, all_frames, [](const auto& frame) { return name(frame.param); });

TEST_P(Lmtp, AnswersForEachRecipient)
{
    home.control("databytes", "100");
    start_as("lmtp");
    hold(std::vector<Row>{
        {"greetings",
         {{"EHLO x", "500 5.5.1"},
          {"HELO x", "500 5.5.1"},
          {"LHLO x", "250"},
          {"LHLO", "501 5.5.4"}}},
        {"two recipients",
         {{"LHLO x", "250"},
          has_sender,
          {"DATA", "503 5.5.1"},
          has_recipient,
          {"RCPT TO:<x@elsewhere.example>", "553 5.7.1"},
          has_recipient,
          {"DATA", "354"},
          {text, "250 2.0.0|250 2.0.0"},
          {"NOOP", "250 2.0.0"}}},
        {"refused for both",
         {{"LHLO x", "250"},
          has_sender,
          has_recipient,
          has_recipient,
          {"DATA", "354"},
          {std::string(200, 'x') + "\r\n.\r\n", "552 5.3.4|552 5.3.4"},
          {"NOOP", "250 2.0.0"}}},
        {"chunks",
         {{"LHLO x", "250"},
          has_sender,
          has_recipient,
          has_recipient,
          {"BDAT 3\r\nabc$", "250 2.0.0"},
          {"BDAT 2 LAST\r\n\r\n", "250 2.6.0|250 2.6.0"},
          {"NOOP", "250 2.0.0"}}},
    });
    const auto got = capture.take();
    ASSERT_GE(got.size(), 1u);
    const std::string word = is_in_tls(GetParam()) ? "with LMTPS\n" : "with LMTP\n";
    EXPECT_NE(got[0].message.find(word), std::string::npos) << got[0].message;
}

// RFC 3848, 6531; smtp-standards 1.7.
TEST_P(Dialogue, ReceivedSaysHowItCame)
{
    start();
    const auto deliver = [&](std::vector<Exchange> exchanges) {
        exchanges.push_back({"DATA", "354"});
        exchanges.push_back({text, "250 2.0.0"});
        hold(connect(), exchanges);
        const auto got = capture.take();
        return got.size() == 1 ? got[0].message.substr(0, got[0].message.find("\nSubject")) : "";
    };
    const auto has = [](const std::string& field, const std::string& words) {
        std::string flat;
        for (const char c : field) flat += c == '\n' ? ' ' : c;
        while (flat.find("  ") != std::string::npos) flat.replace(flat.find("  "), 2, " ");
        return flat.find(words) != std::string::npos;
    };
    const std::string s = is_in_tls(GetParam()) ? "S" : "";
    auto field = deliver({{"HELO c.example", "250"}, has_sender, has_recipient});
    EXPECT_TRUE(has(field, "from c.example (")) << field;
    EXPECT_TRUE(has(field, "by here.example with SMTP id ")) << field;
    EXPECT_TRUE(has(field, "for <joe@here.example>; ")) << field;
    EXPECT_TRUE(field.ends_with(" +0000")) << field;
    field = deliver({greeted, has_sender, has_recipient, {"RCPT TO:<jane@here.example>", "250"}});
    EXPECT_TRUE(has(field, "with ESMTP" + s + " id ")) << field;
    EXPECT_FALSE(has(field, " for ")) << field;
    field = deliver(
        {greeted, {from + " SMTPUTF8", "250"}, {"RCPT TO:<j\xc3\xb6@here.example>", "250"}});
    EXPECT_TRUE(has(field, "with UTF8SMTP" + s + " id ")) << field;
    EXPECT_EQ(has(field, " tls TLS_"), is_in_tls(GetParam())) << field;
    EXPECT_TRUE(has(field, "for <j\xc3\xb6@here.example>;")) << field;
}
}
