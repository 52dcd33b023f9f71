// What a client must not send, in both frames and within TLS: each fault has its reply, and the
// session goes on where it was or ends, as it says; and what each word of control/lax brings back.
#include "smtpd/two_frames.hpp"

using namespace grapnel::test;

namespace {

const std::string ehlo = "EHLO client.example", from = "MAIL FROM:<a@b.example>",
                  to = "RCPT TO:<joe@here.example>", text = "Subject: x\r\n\r\nhi\r\n.\r\n";
const Exchange greeted{ehlo, "250"}, has_sender{from, "250 2.1.0"}, has_recipient{to, "250 2.1.5"},
    again{"RSET", "250 2.0.0"};

class BadInput : public TwoFrames {
protected:
    // How many whole messages came; what was given up may end later.
    std::size_t came(std::size_t at_least)
    {
        std::size_t count = 0;
        wait_until([&] {
            for (const auto& one : capture.take())
                if (one.envelope.find(std::string(2, '\0')) != std::string::npos) ++count;
            return count >= at_least;
        });
        return count;
    }
};
INSTANTIATE_TEST_SUITE_P(In, BadInput, all_frames,
                         [](const auto& frame) { return name(frame.param); });

// Lines that are none: smtp-standards 1.3, 1.5. At each step of a transaction, which goes on.
TEST_P(BadInput, ALineThatIsNoneChangesNothing)
{
    start();
    const std::vector<std::string> lines{
        std::string(4097, 'x'),
        "NOOP " + std::string(60000, 'x'),
        "RSET\nRSET",
        "RSET\rRSET",
        "RSET\n\n\t",
        "QUIT\r",
        std::string("RS\0ET", 5),
        std::string("RSET\0", 5),
        std::string(1, '\0'),
        "\x01",
        "\xff\xfe\xfd",
        "\xc3\xa4\xc3\xb6",
        "\tRSET",
        " RSET",
        "RSETT",
        "RCPT\tTO:<x@here.example>",
        "354 go ahead",
        "GET / HTTP/1.1",
        ".",
    };
    for (const auto& line : lines) {
        const Exchange fault{line, "500 5.5.2"};
        SCOPED_TRACE(::testing::PrintToString(line.substr(0, 40)));
        auto& client = connect();
        hold(client, {fault, greeted, fault, has_sender, fault, has_recipient, fault});
        hold(client, {{"BDAT 3\r\nabc$", "250 2.0.0"}, fault, {"BDAT 0 LAST", "250 2.6.0"}, fault});
    }
    EXPECT_EQ(came(lines.size()), lines.size());
}

// RFC 5321 4.1.2, 4.3.2: a command that is wrong in itself.
TEST_P(BadInput, ACommandThatIsWrongChangesNothing)
{
    start({"SMTPEXT=+DELIVERBY,+MT-PRIORITY,FUTURERELEASE:auth"});
    const auto refused = [](const std::string& command, const std::string& reply) {
        return std::pair(command, reply);
    };
    std::vector<std::pair<std::string, std::string>> anywhere{
        refused("EHLO", "501 5.5.4"),
        refused("EHLO a\x01.example", "501 5.5.4"),
        refused("EHLO \xff", "501 5.5.4"),
        refused("EHLO a..b", "501 5.5.4"),
        refused("HELO [1.2.3]", "501 5.5.4"),
        refused("EHLO " + std::string(300, 'x'), "501 5.5.4"),
        refused("NOOP \x01", "501 5.5.4"),
        refused("HELP \x7f", "501 5.5.4"),
        refused("VRFY a\x1b[0m", "501 5.5.4"),
        refused("EXPN \x07", "501 5.5.4"),
        refused("QUIT now", "501 5.5.4"),
        refused("RSET now", "501 5.5.4"),
        refused("DATA now", "501 5.5.4"),
        refused("LHLO x", "500 5.5.1"),
        refused("MAIL", "501 5.5.4"),
    };
    std::vector<Exchange> row{greeted};
    for (const auto& each : anywhere)
        if (each.first != "MAIL") row.push_back(each);
    row.push_back(has_sender);
    std::vector<Row> rows{
        {"before MAIL", row},
        {"with a sender",
         {greeted, has_sender, anywhere[1], anywhere[6], {"MAIL", "503 5.5.1"}, has_recipient}},
        {"parameters of MAIL",
         {greeted,
          {from + " FOO", "555 5.5.4"},
          {from + " FOO=\x01", "501 5.5.4"},
          {from + "SIZE=1", "501 5.5.4"},
          {from + " SIZE", "501 5.5.4"},
          {from + " SIZE=", "501 5.5.4"},
          {from + " SIZE=x", "501 5.5.4"},
          {from + " SIZE=123456789012345678901", "501 5.5.4"},
          {from + " SIZE=1 SIZE=1", "501 5.5.4"},
          {from + " BODY=9BIT", "501 5.5.4"},
          {from + " BODY=BINARYMIME", "501 5.5.4"},
          {from + " SMTPUTF8=1", "501 5.5.4"},
          {from + " RET=SOME", "501 5.5.4"},
          {from + " ENVID=", "501 5.5.4"},
          {from + " ENVID=a+2", "501 5.5.4"},
          {from + " ENVID=a=b", "501 5.5.4"},
          {from + " ENVID=" + std::string(101, 'x'), "501 5.5.4"},
          has_sender}},
        {"more parameters of MAIL",
         {greeted,
          {from + " BY=1", "501 5.5.4"},
          {from + " BY=0;R", "501 5.5.4"},
          {from + " BY=-1;R", "501 5.5.4"},
          {from + " BY=1234567890;N", "501 5.5.4"},
          {from + " BY=1;X", "501 5.5.4"},
          {from + " MT-PRIORITY=10", "501 5.5.4"},
          {from + " MT-PRIORITY=-0", "501 5.5.4"},
          {from + " HOLDFOR=1", "555 5.5.4"},
          {from + " NOTIFY=NEVER", "555 5.5.4"},
          {from + " A=1 B=2 C=3 D=4 E=5 F=6 G=7 H=8 I=9 J=1 K=2 L=3 M=4 N=5 O=6 P=7 Q=8",
           "555 5.5.4"},
          has_sender}},
        {"parameters of RCPT",
         {greeted,
          has_sender,
          {to + " SIZE=1", "555 5.5.4"},
          {to + " NOTIFY=", "501 5.5.4"},
          {to + " NOTIFY=NEVER,DELAY", "501 5.5.4"},
          {to + " NOTIFY=SOMETIMES", "501 5.5.4"},
          {to + " NOTIFY=DELAY NOTIFY=DELAY", "501 5.5.4"},
          {to + " ORCPT=joe@x", "501 5.5.4"},
          {to + " ORCPT=rfc822;a+zz", "501 5.5.4"},
          {to + " ORCPT=rfc822;" + std::string(501, 'x'), "501 5.5.4"},
          {to + " ORCPT=rfc822;\xff", "501 5.5.4"},
          {"DATA", "554 5.5.1"},
          has_recipient,
          {"DATA", "354"},
          {text, "250 2.0.0"}}},
    };
    hold(rows);
    EXPECT_EQ(came(1), 1u);
}

// What the text may hold: smtp-standards 1.5, 1.6; the next message is none the worse.
TEST_P(BadInput, ATextThatIsWrongIsRefusedAtItsEnd)
{
    start();
    const auto message = [](const std::string& sent, const std::string& reply) {
        return std::vector<Exchange>{greeted,
                                     has_sender,
                                     has_recipient,
                                     {"DATA", "354"},
                                     {sent + "\r\n.\r\n", reply},
                                     {to, "503 5.5.1"},
                                     has_sender};
    };
    const std::string nul(1, '\0');
    hold(std::vector<Row>{
        {"empty", {greeted, has_sender, has_recipient, {"DATA", "354"}, {".", "250 2.0.0"}}},
        {"NUL in the header", message("Subject: " + nul + "\r\n\r\nhi", "554 5.6.0")},
        {"NUL in the body", message("Subject: x\r\n\r\n" + nul, "250 2.0.0")},
        {"8-bit and controls", message("Subject: \xff\r\n\r\n\x01\x80\xff\x7f", "250 2.0.0")},
        {"a bare LF", message("Subject: x\n\r\n\r\nhi", "550 5.6.0")},
        {"a bare CR", message("Subject: x\r\n\r\nh\ri", "550 5.6.0")},
        {"no field at all", message("\xff\xfe", "250 2.0.0")},
        {"a long line", message(std::string(100000, 'x'), "250 2.0.0")},
        {"commands", message("RSET\r\nQUIT\r\n..", "250 2.0.0")},
    });
    EXPECT_EQ(came(6), 6u);
}

// Whatever was half sent is nothing; others do not notice.
TEST_P(BadInput, HalfOfItIsNothing)
{
    start();
    const std::vector<std::vector<Exchange>> halves{
        {{"EHL$", ""}},
        {greeted, {"MAIL FROM:<a$", ""}},
        {greeted, has_sender, has_recipient, {"DATA$", ""}},
        {greeted, has_sender, has_recipient, {"DATA", "354"}},
        {greeted, has_sender, has_recipient, {"DATA", "354"}, {"Subject: x\r\n\r\nhi\r\n.$", ""}},
        {greeted, has_sender, has_recipient, {"DATA", "354"}, {"hi\r\n.\r$", ""}},
        {greeted, has_sender, has_recipient, {"BDAT 3$", ""}},
        {greeted, has_sender, has_recipient, {"BDAT 3\r\nab$", ""}},
        {greeted, has_sender, has_recipient, {"BDAT 3\r\nabc$", "250 2.0.0"}},
        {greeted, has_sender, has_recipient, {"BDAT 3 LAST\r\nab$", ""}},
    };
    for (const auto& half : halves) {
        hold(connect(), half);
        leave();
    }
    hold(connect(), {greeted, has_sender, has_recipient, {"DATA", "354"}, {text, "250 2.0.0"}});
    EXPECT_EQ(came(1), 1u);
}

// smtp-standards 10. Without the word the other tables hold.
TEST_P(BadInput, EachWordOfLaxBringsOneThingBack)
{
    home.control("validrcptto", "jim@here.example");
    const auto data = [](const std::string& sent, const std::string& reply) {
        return std::vector<Exchange>{greeted,
                                     has_sender,
                                     {"RCPT TO:<jim@here.example>", "250"},
                                     {"DATA", "354"},
                                     {sent, reply}};
    };
    const std::vector<std::pair<std::string, std::vector<Exchange>>> words{
        {"nothing", {greeted, has_sender, {to, "550 5.1.1"}}},
        {"nohelo", {has_sender}},
        {"barehelo", {{"EHLO", "250"}, {"HELO", "250"}}},
        {"remail", {greeted, has_sender, has_sender}},
        {"laxpath", {greeted, {"MAIL a@b.example:x", "250"}, {"RCPT TO:jim@here.example", "250"}}},
        {"nodomain", {greeted, has_sender, {"RCPT TO:<joe>", "250"}}},
        {"controls", {greeted, {"MAIL FROM:<a\x01@b.example>", "250"}, {"NOOP \x01", "250"}}},
        {"params", {greeted, {from + " FOO=BAR", "250"}}},
        {"lateuser", {greeted, has_sender, has_recipient}},
        {"barelffix", data("a\nb\rc\r\n.\r\n", "250 2.0.0")},
        {"barecr", data("a\rb\r\n.\r\n", "250 2.0.0")},
        {"barelfcmd", {greeted, {"NOOP\nNOOP\n$", "250 2.0.0|250 2.0.0"}}},
        {"received", data(".", "250 2.0.0")},
        {"expn502", {greeted, {"EXPN joe", "502 5.5.1"}}},
        {"barelf451", data("a\nb\r\n.\r\n", "451!")},
    };
    for (const auto& [word, exchanges] : words) {
        SCOPED_TRACE(word);
        start({"LAX=" + (word == "nothing" ? "" : word)});
        hold(connect(), exchanges);
        leave();
        const auto got = capture.take();
        if (word == "received") {
            ASSERT_EQ(got.size(), 1u);
            EXPECT_NE(got[0].message.find(" with SMTP; "), std::string::npos) << got[0].message;
        } else if (word == "barelffix") {
            ASSERT_FALSE(got.empty());
            EXPECT_TRUE(got.back().message.ends_with("\na\nb c\n")) << got.back().message;
        }
    }
    home.no_control("validrcptto");
    home.no_control("rcpthosts");
    for (const bool open : {false, true}) {
        start({open ? "LAX=openrelay" : "LAX="});
        hold(connect(),
             {greeted, has_sender, {"RCPT TO:<x@y.example>", open ? "250" : "553 5.7.1"}});
        leave();
    }
}

}
